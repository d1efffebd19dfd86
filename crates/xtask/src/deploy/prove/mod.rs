//! `cargo xtask deploy prove`: builds the image, runs it, and starts the compose file, all with an engine of its own.
//!
//! No registry is needed: the base holds the libraries of this machine, and Caddy's image is made of its binary.

mod client;
mod container;
mod engine;
mod images;
mod layouts;
mod seccomp;
mod stack;

use std::path::Path;

use anyhow::Result;

use self::container::Container;
use self::engine::Engine;
use self::stack::Stack;
use super::reference::Reference;
use super::tools::Tools;
use crate::conformance::Report;
use crate::project::Project;

/// What cannot be proved without an engine.
const NEED_AN_ENGINE: [&str; 3] = [
    "the image runs",
    "the layouts of unit and pod work",
    "the compose file runs",
];

/// Proves everything with the gateway `binary`; says so when no engine can run here.
pub(super) async fn run(project: &Project, binary: &Path) -> Result<Report> {
    let tools = Tools::install(project)?;
    let reference = Reference::read(project, &tools)?;
    let mut report = Report::new("deploy prove");
    let engine = match Engine::start().await? {
        Ok(engine) => engine,
        Err(reason) => {
            for case in NEED_AN_ENGINE {
                report.skip(case, &reason);
            }
            return Ok(report);
        }
    };
    let stack = Stack::new(&reference, &engine, &tools)?;
    let build = async {
        images::import_base(&engine, binary)?;
        images::import_caddy(&engine, &tools)?;
        images::strip(binary, &stack.build_context())?;
        stack.build()
    };
    report
        .case("the image is built on a local base", build)
        .await;
    if report.failed() == 0 {
        prove_image(&mut report, &reference, &engine).await;
        prove_layouts(&mut report, &reference, &engine, binary).await;
        prove_stack(&mut report, stack).await;
    }
    engine.stop().await?;
    Ok(report)
}

async fn prove_image(report: &mut Report, reference: &Reference, engine: &Engine) {
    let mut gateway = Container::new(engine, "gateway", reference.path("workspace"));
    let name = "it becomes healthy";
    report.case(name, gateway.start(&[])).await;
    let name = "it runs without root, capabilities or a writable root";
    report.case(name, async { gateway.is_confined() }).await;
    let name = "every token is refused until one is issued in the volume";
    report.case(name, gateway.issues_tokens()).await;
    let name = "a run waits for its approval over a restart";
    report.case(name, gateway.keeps_runs_over_a_restart()).await;
    let name = "a run waits for its approval over a kill";
    report.case(name, gateway.keeps_runs_over_a_kill()).await;
    let name = "a revoked token is refused at once";
    report.case(name, gateway.revokes_tokens()).await;
    let name = "it stops in order and leaves nothing behind";
    report.case(name, async { gateway.ends() }).await;
}

async fn prove_layouts(report: &mut Report, reference: &Reference, engine: &Engine, binary: &Path) {
    let name = "it works under the system call filter of its unit";
    report.case(name, layouts::filter(reference, engine)).await;
    let name = "grants that its unit mounts read-only can be revoked";
    report.case(name, layouts::unit(reference, engine)).await;
    let name = "a changed Secret reaches the gateway of a pod";
    report
        .case(name, layouts::pod(reference, engine, binary))
        .await;
}

async fn prove_stack(report: &mut Report, mut stack: Stack<'_>) {
    let name = "the compose file starts, healthy as a whole";
    report.case(name, async { stack.up() }).await;
    let name = "it is reached by TLS, and without TLS sent there";
    report.case(name, async { stack.serves_tls() }).await;
    let name = "a run is launched and approved through the proxy";
    report.case(name, stack.runs_workflows()).await;
    let name = "sockets pass the proxy";
    report.case(name, async { stack.passes_sockets() }).await;
    let name = "metrics stay inside, however they are spelt";
    report.case(name, stack.hides_metrics()).await;
    let name = "requests wait for a gateway that restarts";
    report.case(name, async { stack.bridges_a_restart() }).await;
    let name = "a token is issued and revoked while no gateway runs";
    report.case(name, stack.revokes_offline()).await;
    let name = "no bearer is in any log";
    report.case(name, async { stack.logs_no_bearer() }).await;
    let name = "wrong tokens brake their client, not the proxy";
    report.case(name, async { stack.brakes_clients() }).await;
    let name = "it goes and comes back with its data";
    report.case(name, stack.keeps_data()).await;
    let name = "it can be taken away whole";
    report.case(name, async { stack.down() }).await;
}
