//! The images and endorsements of the demonstration.

/// An endorser of the demonstration.
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) email: &'static str,
}

/// Who signs.
pub(super) const PEOPLE: [Person; 4] = [
    Person { name: "Jane Tester", email: "jane@imaging.example.org" },
    Person { name: "Ravi Operator", email: "ravi@cloud.example.net" },
    Person { name: "Lena Biolog", email: "lena@bio.example.edu" },
    Person { name: "Security Team", email: "security@cloud.example.net" },
];

/// Index into [`PEOPLE`].
const JANE: usize = 0;
const RAVI: usize = 1;
const LENA: usize = 2;
const SECURITY: usize = 3;

/// An image that somebody built.
pub(super) struct Image {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) kind: &'static str,
    pub(super) os: &'static str,
    pub(super) os_version: &'static str,
    pub(super) os_arch: &'static str,
    pub(super) format: &'static str,
    pub(super) mebibytes: u64,
    pub(super) description: &'static str,
}

/// What somebody says of an image, `days_ago`.
pub(super) struct Endorsement {
    pub(super) image: &'static str,
    pub(super) by: usize,
    pub(super) days_ago: u64,
    /// Days from the endorsement until it expires.
    pub(super) valid_days: u64,
    pub(super) version: &'static str,
    pub(super) tag: Option<&'static str>,
    pub(super) deprecated: Option<&'static str>,
}

const fn image(
    name: &'static str,
    title: &'static str,
    [kind, os, os_version, os_arch, format]: [&'static str; 5],
    mebibytes: u64,
    description: &'static str,
) -> Image {
    Image { name, title, kind, os, os_version, os_arch, format, mebibytes, description }
}

const fn says(by: usize, image: &'static str, days_ago: u64, valid_days: u64, version: &'static str) -> Endorsement {
    Endorsement { image, by, days_ago, valid_days, version, tag: None, deprecated: None }
}

impl Endorsement {
    const fn tagged(mut self, tag: &'static str) -> Self {
        self.tag = Some(tag);
        self
    }

    const fn deprecating(mut self, reason: &'static str) -> Self {
        self.deprecated = Some(reason);
        self
    }
}

/// The images.
#[rustfmt::skip]
pub(super) const IMAGES: [Image; 18] = [
    image("ubuntu-2404", "Ubuntu 24.04 LTS server", ["machine", "Ubuntu", "24.04", "x86_64", "qcow2"], 2252, "Minimal server, cloud-init, security updates of the week."),
    image("ubuntu-2404-arm", "Ubuntu 24.04 LTS server", ["machine", "Ubuntu", "24.04", "aarch64", "qcow2"], 2194, "Minimal server for ARM, cloud-init."),
    image("ubuntu-2204", "Ubuntu 22.04 LTS server", ["machine", "Ubuntu", "22.04", "x86_64", "qcow2"], 2090, "The previous long-term release."),
    image("debian-12", "Debian 12 generic cloud", ["machine", "Debian", "12", "x86_64", "qcow2"], 2048, "Debian's generic cloud image with cloud-init."),
    image("debian-13", "Debian 13 generic cloud", ["machine", "Debian", "13", "x86_64", "qcow2"], 3072, "Debian's generic cloud image with cloud-init."),
    image("alma-9", "AlmaLinux 9", ["machine", "AlmaLinux", "9.4", "x86_64", "qcow2"], 1945, "For sites that run grid middleware."),
    image("rocky-9", "Rocky Linux 9", ["machine", "Rocky", "9.4", "x86_64", "qcow2"], 1962, "General purpose."),
    image("centos-7", "CentOS 7", ["machine", "CentOS", "7.9", "x86_64", "qcow2"], 897, "End of life; kept for reproducing old analyses."),
    image("fedora-42", "Fedora 42 cloud base", ["machine", "Fedora", "42", "x86_64", "qcow2"], 5120, "For developers."),
    image("ttylinux", "ttylinux", ["machine", "ttylinux", "16.1", "i486", "raw"], 25, "The smallest image that boots; for testing a cloud."),
    image("alpine", "Alpine 3.22", ["machine", "Alpine", "3.22", "x86_64", "qcow2"], 196, "Small base for services."),
    image("cuda", "GPU workbench", ["machine", "Ubuntu", "24.04", "x86_64", "qcow2"], 14336, "Drivers and toolkits for accelerators, JupyterLab on port 8888."),
    image("galaxy", "Galaxy bioinformatics portal", ["machine", "Ubuntu", "22.04", "x86_64", "qcow2"], 18432, "Galaxy with two hundred tools configured."),
    image("blast-db", "BLAST nucleotide database", ["disk", "none", "none", "none", "raw"], 102400, "Read-only data disk, release of the month."),
    image("uniprot", "UniProt reference proteomes", ["disk", "none", "none", "none", "raw"], 61440, "Read-only data disk."),
    image("cvmfs", "CernVM appliance", ["machine", "AlmaLinux", "9.4", "x86_64", "raw"], 20, "Boots from the network, software from CernVM-FS."),
    image("slurm", "Slurm worker", ["machine", "Rocky", "9.4", "x86_64", "qcow2"], 4300, "Joins a batch system at boot."),
    image("windows", "Windows Server 2025 evaluation", ["machine", "Windows", "2025", "x86_64", "qcow2"], 12288, "Evaluation licence of 180 days."),
];

/// What is said of them, by several people, over time.
#[rustfmt::skip]
pub(super) const ENDORSEMENTS: [Endorsement; 42] = [
    says(JANE, "ubuntu-2404", 200, 400, "20260401").tagged("ubuntu-lts"),
    says(JANE, "ubuntu-2404", 90, 400, "20260801").tagged("ubuntu-lts"),
    says(JANE, "ubuntu-2404", 9, 400, "20261101").tagged("ubuntu-lts"),
    says(RAVI, "ubuntu-2404", 30, 365, "20261001").tagged("default"),
    says(SECURITY, "ubuntu-2404", 8, 180, "20261101"),
    says(JANE, "ubuntu-2404-arm", 60, 400, "20260901"),
    says(RAVI, "ubuntu-2404-arm", 12, 365, "20261101"),
    says(JANE, "ubuntu-2204", 700, 365, "20241201").tagged("ubuntu-lts"),
    says(JANE, "ubuntu-2204", 300, 365, "20260101"),
    says(SECURITY, "ubuntu-2204", 20, 180, "20261101").deprecating("kernel without the fixes of October; use Ubuntu 24.04"),
    says(JANE, "debian-12", 250, 500, "12.8"),
    says(RAVI, "debian-12", 120, 365, "12.10").tagged("debian"),
    says(JANE, "debian-13", 100, 500, "13.1").tagged("debian"),
    says(RAVI, "debian-13", 15, 365, "13.2").tagged("debian"),
    says(SECURITY, "debian-13", 14, 180, "13.2"),
    says(RAVI, "alma-9", 210, 365, "9.4"),
    says(SECURITY, "alma-9", 45, 180, "9.4"),
    says(RAVI, "rocky-9", 180, 365, "9.4"),
    says(JANE, "rocky-9", 170, 150, "9.4"),
    says(JANE, "rocky-9", 33, 400, "9.4"),
    says(JANE, "centos-7", 1500, 365, "7.9"),
    says(RAVI, "centos-7", 900, 365, "7.9"),
    says(SECURITY, "centos-7", 1200, 2000, "7.9"),
    says(SECURITY, "centos-7", 870, 2000, "7.9").deprecating("no security updates since June 2024"),
    says(JANE, "fedora-42", 40, 200, "42"),
    says(JANE, "ttylinux", 1000, 3650, "16.0").tagged("test"),
    says(JANE, "ttylinux", 600, 365, "16.1"),
    says(JANE, "ttylinux", 400, 3650, "16.1").tagged("test"),
    says(RAVI, "ttylinux", 350, 365, "16.1"),
    says(RAVI, "alpine", 25, 365, "3.22"),
    says(LENA, "alpine", 24, 90, "3.22"),
    says(RAVI, "cuda", 50, 120, "12.9").tagged("gpu"),
    says(LENA, "cuda", 48, 120, "12.9"),
    says(LENA, "galaxy", 160, 365, "25.0").tagged("galaxy"),
    says(LENA, "galaxy", 18, 365, "26.0").tagged("galaxy"),
    says(LENA, "blast-db", 65, 60, "2026-09"),
    says(LENA, "blast-db", 5, 60, "2026-11").tagged("blast"),
    says(LENA, "uniprot", 35, 90, "2026_05").tagged("uniprot"),
    says(JANE, "cvmfs", 500, 3650, "4.8"),
    says(RAVI, "slurm", 70, 365, "24.11"),
    says(RAVI, "windows", 400, 180, "26100"),
    says(RAVI, "windows", 220, 180, "26100").deprecating("the evaluation licence has ended"),
];
