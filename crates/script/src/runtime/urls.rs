//! URL parsing for the `URL` class.

use rquickjs::{Ctx, Function, Object, Result};
use url::{Url, form_urlencoded, quirks};

/// Adds the functions to `native`.
pub(crate) fn install<'js>(ctx: &Ctx<'js>, native: &Object<'js>) -> Result<()> {
    native.set("parseUrl", Function::new(ctx.clone(), parse_url)?)?;
    native.set("changeUrl", Function::new(ctx.clone(), change_url)?)?;
    native.set("parseQuery", Function::new(ctx.clone(), parse_query)?)?;
    native.set("formatQuery", Function::new(ctx.clone(), format_query)?)
}

/// Parts in the order of `PARTS` in `web.mjs`; none when the text is no URL.
fn parse_url(text: String, base: Option<String>) -> Option<Vec<String>> {
    let base = match base {
        Some(base) => Some(Url::parse(&base).ok()?),
        None => None,
    };
    let url = Url::options().base_url(base.as_ref()).parse(&text).ok()?;
    Some(parts(&url))
}

fn parts(url: &Url) -> Vec<String> {
    let parts: [&str; 10] = [
        quirks::href(url),
        quirks::protocol(url),
        quirks::username(url),
        quirks::password(url),
        quirks::host(url),
        quirks::hostname(url),
        quirks::port(url),
        quirks::pathname(url),
        quirks::search(url),
        quirks::hash(url),
    ];
    let mut parts: Vec<String> = parts.map(str::to_owned).into();
    parts.insert(1, quirks::origin(url));
    parts
}

/// Parts after setting one of them; a value that does not fit changes nothing, except for `href`,
/// where it gives none.
fn change_url(href: String, name: String, value: String) -> Option<Vec<String>> {
    let mut url = Url::parse(&href).ok()?;
    match name.as_str() {
        "href" => url = Url::parse(&value).ok()?,
        "protocol" => drop(quirks::set_protocol(&mut url, &value)),
        "username" => drop(quirks::set_username(&mut url, &value)),
        "password" => drop(quirks::set_password(&mut url, &value)),
        "host" => drop(quirks::set_host(&mut url, &value)),
        "hostname" => drop(quirks::set_hostname(&mut url, &value)),
        "port" => drop(quirks::set_port(&mut url, &value)),
        "pathname" => quirks::set_pathname(&mut url, &value),
        "search" => quirks::set_search(&mut url, &value),
        "hash" => quirks::set_hash(&mut url, &value),
        _ => {}
    }
    Some(parts(&url))
}

fn parse_query(text: String) -> Vec<Vec<String>> {
    form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| vec![name.into_owned(), value.into_owned()])
        .collect()
}

fn format_query(pairs: Vec<Vec<String>>) -> String {
    let pairs = pairs
        .iter()
        .filter_map(|pair| Some((pair.first()?, pair.get(1)?)));
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}
