//! Patches of workflows: what a run is told about one when it meets it first stays so (workflow-model 18).

use smithers_model::RawJson;
use smithers_model::event::Event;
use smithers_model::patch::Patches;
use smithers_model::run::RunConfig;

use crate::state::RunState;

impl RunState {
    /// What the next frame knows of patches.
    pub(crate) fn known_patches(&self) -> Patches {
        Patches {
            decided: self.patches.clone(),
            is_new: self.run.next_frame_no == 1,
        }
    }

    /// Puts on record what the rendering of a frame decided, in the step that stores the frame.
    pub(crate) fn record_patches(&mut self, met: &[(String, bool)]) {
        for (patch_id, patched) in met {
            let (patch_id, patched) = (patch_id.clone(), *patched);
            if self.patches.contains_key(&patch_id) {
                continue;
            }
            self.patches.insert(patch_id.clone(), patched);
            self.open
                .event(Event::WorkflowPatchRecorded { patch_id, patched });
        }
        if !met.is_empty() {
            self.store_patches();
        }
    }

    /// A configuration that cannot be read stays as it is; the log has the decisions.
    fn store_patches(&mut self) {
        let Ok(mut config) = serde_json::from_str::<RunConfig>(self.run.config.as_str()) else {
            return;
        };
        config.patches = self.patches.clone();
        let config = RawJson::of(&config);
        self.run.config = config.clone();
        self.open.update_run(|run| run.config = Some(config));
    }
}
