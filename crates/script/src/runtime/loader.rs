//! Feeds a module graph to the engine.

use std::sync::Arc;

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{Ctx, Error, Module, Result};
use url::Url;

use super::commonjs::facade;
use crate::graph::{Form, ModuleGraph};

/// Resolver and loader over a graph; the engine takes two values.
#[derive(Clone)]
pub(crate) struct GraphLoader(pub(crate) Arc<ModuleGraph>);

impl Resolver for GraphLoader {
    fn resolve<'js>(
        &mut self,
        _ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        self.0
            .resolve(base, name)
            .map(str::to_owned)
            .ok_or_else(|| {
                let message = "a computed import finds only files that the module imports anyway";
                Error::new_resolving_message(base, name, message)
            })
    }
}

impl Loader for GraphLoader {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        let module = match self.0.form(name) {
            Some(Form::CommonJs) => Module::declare(ctx.clone(), name, facade(ctx, name)?)?,
            _ => {
                let code = self.0.code(name).ok_or_else(|| Error::new_loading(name))?;
                Module::declare(ctx.clone(), name, code)?
            }
        };
        if let Some(path) = self.0.path(name) {
            let meta = module.meta()?;
            let url = Url::from_file_path(path)
                .map(String::from)
                .unwrap_or_default();
            meta.set("url", url)?;
            meta.set("filename", path.display().to_string())?;
            meta.set(
                "dirname",
                path.parent().map(|folder| folder.display().to_string()),
            )?;
            meta.set("main", name == self.0.entry)?;
        }
        Ok(module)
    }
}
