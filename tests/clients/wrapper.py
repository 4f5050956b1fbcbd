"""Asks an endpoint through SPARQLWrapper, in every form and format, and prints what it read as JSON."""

import json
import sys

from SPARQLWrapper import CSV, JSON, POST, POSTDIRECTLY, TSV, TURTLE, XML, SPARQLWrapper

endpoint = sys.argv[1]
DCTERMS = "PREFIX dcterms: <http://purl.org/dc/terms/> "
SELECT = DCTERMS + "SELECT ?title { ?entry dcterms:title ?title } ORDER BY ?title"


def ask(query, form, method="GET", way=None):
    wrapper = SPARQLWrapper(endpoint)
    wrapper.setQuery(query)
    wrapper.setReturnFormat(form)
    wrapper.setMethod(method)
    if way:
        wrapper.setRequestMethod(way)
    return wrapper.query()


def titles(result):
    return [row["title"]["value"] for row in result.convert()["results"]["bindings"]]


def lines(result):
    return [line.strip('"') for line in result.convert().decode().split()]


xml = ask(SELECT, XML).convert()
graph = ask(DCTERMS + "CONSTRUCT { ?s dcterms:title ?o } WHERE { ?s dcterms:title ?o }", TURTLE).convert()
print(
    json.dumps(
        {
            "json": titles(ask(SELECT, JSON)),
            "posted": titles(ask(SELECT, JSON, POST)),
            "posted directly": titles(ask(SELECT, JSON, POST, POSTDIRECTLY)),
            "xml": [node.firstChild.data for node in xml.getElementsByTagName("literal")],
            "csv": lines(ask(SELECT, CSV))[1:],
            "tsv": lines(ask(SELECT, TSV))[1:],
            "ask": ask("ASK { ?s ?p ?o }", JSON).convert()["boolean"],
            "turtle": sorted(title for title in ("debian", "fedora") if f'"{title}"'.encode() in graph),
        }
    )
)
