//! The container files: their syntax, and that they run what the demonstration runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_yaml_ng::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a member lies in the workspace").to_owned()
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn compose() -> Value {
    let mut compose: Value = serde_yaml_ng::from_str(&read("docker-compose.yml")).expect("it is YAML");
    compose.apply_merge().expect("its merges are good");
    compose
}

fn command(service: &Value) -> Vec<String> {
    let command = service["command"].as_sequence().expect("a service has a command");
    command.iter().map(|word| word.as_str().expect("a word").to_owned()).collect()
}

#[test]
fn each_site_of_the_composition_is_served_with_the_configuration_that_is_prepared_for_it() {
    let compose = compose();
    let services = compose["services"].as_mapping().expect("services");
    let prepare = command(&services["prepare"]);
    assert_eq!(&prepare[..3], ["demo", "--prepare", "/federation"]);
    let hosts: Vec<String> = prepare[3..].chunks(2).map(|pair| pair[1].clone()).collect();

    let folder = tempfile::tempdir().expect("a folder");
    let sites = node::demo::site::line(folder.path(), &hosts).expect("the sites are prepared");
    let served: BTreeSet<String> = services
        .iter()
        .filter(|(name, _)| name.as_str() != Some("prepare"))
        .map(|(name, service)| {
            let name = name.as_str().expect("a name").to_owned();
            assert_eq!(command(service), ["serve", "--config", &format!("/federation/{name}/marketplace.toml")]);
            let condition = &service["depends_on"]["prepare"]["condition"];
            assert_eq!(condition.as_str(), Some("service_completed_successfully"), "{name}");
            name
        })
        .collect();
    assert_eq!(served, hosts.iter().cloned().collect());
    for site in sites {
        let config = node::config::load(Some(&site.config())).expect("the configuration is good");
        assert_eq!((config.http.listen.port(), config.peers.len()), (8080, hosts.len() - 1));
    }
}

#[test]
fn every_volume_and_image_that_is_used_is_declared() {
    let compose = compose();
    let declared = compose["volumes"].as_mapping().expect("volumes");
    for (name, service) in compose["services"].as_mapping().expect("services") {
        assert_eq!(service["image"].as_str(), Some("marketplace"), "{name:?}");
        for volume in service["volumes"].as_sequence().expect("volumes") {
            let volume = volume.as_str().and_then(|volume| volume.split(':').next()).expect("a volume");
            assert!(declared.contains_key(volume), "{volume}");
        }
    }
    assert_eq!(compose["services"]["prepare"]["build"].as_str(), Some("."));
}

#[test]
fn the_dockerfile_has_known_instructions_and_copies_what_is_there() {
    let text = read("Dockerfile").replace("\\\n", " ");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let known = ["FROM", "RUN", "COPY", "ENV", "WORKDIR", "USER", "EXPOSE", "ENTRYPOINT", "CMD"];
    let mut stages = 0;
    for line in lines {
        let (instruction, arguments) = line.split_once(' ').expect("an instruction has arguments");
        assert!(known.contains(&instruction), "{line}");
        stages += usize::from(instruction == "FROM");
        assert!(stages > 0, "{line} stands before FROM");
        if instruction == "COPY" && !arguments.starts_with("--from") {
            let mut words: Vec<&str> = arguments.split_whitespace().collect();
            words.pop().expect("a destination");
            assert!(words.iter().all(|source| root().join(source).exists()), "{line}");
        }
        if ["ENTRYPOINT", "CMD"].contains(&instruction) {
            assert!(serde_json::from_str::<Vec<String>>(arguments).is_ok(), "{line}");
        }
    }
    assert_eq!(stages, 2);
}
