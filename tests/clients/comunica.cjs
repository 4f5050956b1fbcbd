// Asks an endpoint through Comunica, which plans by the description of the service, and prints what it read as JSON.
"use strict";

const { QueryEngine } = require("@comunica/query-sparql");

const DCTERMS = "PREFIX dcterms: <http://purl.org/dc/terms/> ";

async function main(endpoint) {
  const engine = new QueryEngine();
  const context = { sources: [{ type: "sparql", value: endpoint }] };
  const read = async (query) => (await engine.queryBindings(DCTERMS + query, context)).toArray();
  const titles = await read("SELECT ?title { ?entry dcterms:title ?title } ORDER BY ?title");
  const joined = await read(
    "SELECT ?title ?os { ?entry dcterms:title ?title ; <http://mp.stratuslab.eu/slterms#os> ?os } ORDER BY ?title",
  );
  const quads = await engine.queryQuads(
    DCTERMS + "CONSTRUCT { ?s dcterms:title ?o } WHERE { ?s dcterms:title ?o }",
    context,
  );
  const output = {
    titles: titles.map((row) => row.get("title").value),
    joined: joined.map((row) => [row.get("title").value, row.get("os").value]),
    constructed: (await quads.toArray()).map((quad) => quad.object.value).sort(),
    ask: await engine.queryBoolean("ASK { ?s ?p ?o }", context),
  };
  process.stdout.write(JSON.stringify(output) + "\n");
}

main(process.argv[2]).catch((error) => {
  process.stderr.write(`${error}\n`);
  process.exit(1);
});
