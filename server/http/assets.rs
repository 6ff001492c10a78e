//! Style sheet, script and icon: built into the program, named by their content, cached for a year.

use std::sync::OnceLock;

use axum::{
    http::header,
    response::{IntoResponse as _, Response},
};
use sha2::{Digest as _, Sha256};

use super::query::Named;
use crate::error::Problem;

struct Asset {
    stem: &'static str,
    ending: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const ASSETS: [Asset; 3] = [
    Asset {
        stem: "app",
        ending: "css",
        kind: "text/css; charset=utf-8",
        bytes: include_bytes!("../../static/app.css"),
    },
    Asset {
        stem: "app",
        ending: "js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../static/app.js"),
    },
    Asset {
        stem: "favicon",
        ending: "svg",
        kind: "image/svg+xml",
        bytes: include_bytes!("../../static/favicon.svg"),
    },
];

/// The names under which the assets are served, in the order of [`ASSETS`].
fn names() -> &'static [String; 3] {
    static NAMES: OnceLock<[String; 3]> = OnceLock::new();
    NAMES.get_or_init(|| {
        ASSETS.each_ref().map(|asset| {
            let digest = Sha256::digest(asset.bytes);
            let hash: String = digest[..6]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            format!("{}-{hash}.{}", asset.stem, asset.ending)
        })
    })
}

/// Address of the style sheet.
pub fn css_url() -> String {
    format!("/static/{}", names()[0])
}

/// Address of the script.
pub fn js_url() -> String {
    format!("/static/{}", names()[1])
}

/// Address of the icon.
pub fn icon_url() -> String {
    format!("/static/{}", names()[2])
}

/// `GET /static/{file}`.
pub async fn file(Named(file): Named) -> Result<Response, Problem> {
    let found = names().iter().position(|name| *name == file);
    let asset = found
        .and_then(|index| ASSETS.get(index))
        .ok_or_else(|| Problem::NotFound("There is no such file.".to_owned()))?;
    Ok((
        [
            (header::CONTENT_TYPE, asset.kind),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        ],
        asset.bytes,
    )
        .into_response())
}

/// `GET /favicon.ico`, which browsers ask for whatever a page says.
pub async fn favicon() -> Response {
    (
        [
            (header::CONTENT_TYPE, ASSETS[2].kind),
            (header::CACHE_CONTROL, "public, max-age=86400"),
        ],
        ASSETS[2].bytes,
    )
        .into_response()
}
