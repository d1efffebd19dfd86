//! Tells people that the time of an approval is over: a line of the log and a counter, after the commit.
//! A process that dies in between tells nobody; the event and the audit row are there all the same.

use metrics::counter;
use smithers_model::NodeKey;
use smithers_model::command::Lapse;
use smithers_model::ownership::OnExpire;
use smithers_model::party::Party;

use super::RunActor;

impl RunActor {
    /// Reports a lapse; `responsible` is to act now.
    pub(super) fn notify(&self, node: &NodeKey, lapse: Lapse, responsible: Option<&Party>) {
        let (run_id, node_id, iteration) = (&self.run_id, &node.node_id, node.iteration);
        let responsible = responsible.map(ToString::to_string);
        let said = match lapse {
            Lapse::Escalated => "approval escalated to its fallback owner",
            Lapse::Expired(OnExpire::Wait) => "approval expired and goes on waiting",
            Lapse::Expired(OnExpire::Deny) => "approval expired and was denied",
        };
        tracing::warn!(run.id = %run_id, node.id = %node_id, iteration, responsible, "{said}");
        match lapse {
            Lapse::Escalated => counter!("smithers_approvals_escalated_total").increment(1),
            Lapse::Expired(on_expire) => {
                counter!("smithers_approvals_expired_total", "on_expire" => on_expire.as_str())
                    .increment(1);
            }
        }
    }
}
