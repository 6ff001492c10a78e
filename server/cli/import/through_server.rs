//! Files through a server: sent, waited for, and told row by row.

use serde_json::Value;
use uuid::Uuid;

use super::{
    super::load::unreached, Error, ImportArgs, Line, PAGE, Parcel, Summary, name_of, said_nothing,
};

/// A server that takes uploads.
pub(super) struct Server {
    pub(super) client: reqwest::Client,
    pub(super) url: reqwest::Url,
}

impl Server {
    pub(super) async fn import(
        &self,
        args: &ImportArgs,
        parcel: &Parcel<'_>,
    ) -> Result<i64, Error> {
        let mut url = self.url.clone();
        let mut places: Vec<(String, String)> = Vec::new();
        let mut beside = vec![("commit", "true".to_owned())];
        let at = parcel.collected_at;
        beside.extend(at.map(|at| ("collected_at", at.to_string())));
        beside.extend(args.format.clone().map(|format| ("format", format)));
        beside.extend(args.device.clone().map(|device| ("device", device)));
        beside.extend(args.key.clone().map(|key| ("key", key)));
        beside.extend(args.dates.clone().map(|dates| ("dates", dates)));
        beside.extend(args.asked.map(|asked| ("asked", asked.to_string())));
        for (place, file) in parcel.files.iter().enumerate() {
            let query = parcel.queries.get(&name_of(file));
            places.extend(query.map(|query| (format!("key-{place}"), query.clone())));
        }
        beside.extend(args.one_run.then(|| ("one_run", "true".to_owned())));
        let vouched = args.read_by_64_bit;
        beside.extend(vouched.then(|| ("read_by_64_bit", "true".to_owned())));
        let mut files = parcel.read()?;
        let (kind, body) = match files.len() {
            1 => {
                let (name, bytes) = files.remove(0);
                beside.push(("name", name));
                ("application/octet-stream".to_owned(), bytes)
            }
            _ => form(files),
        };
        url.query_pairs_mut()
            .extend_pairs(beside)
            .extend_pairs(places);
        let request = self
            .client
            .post(url)
            .header("content-type", kind)
            .body(body);
        let mut upload = answer(request, parcel).await?;
        let id = upload["id"].as_str().unwrap_or_default().to_owned();
        let own = self.below(&[&id], "wait=20");
        while ["reading", "committing"].contains(&upload["state"].as_str().unwrap_or_default()) {
            upload = answer(self.client.get(own.clone()), parcel).await?;
        }
        let mut cursor = String::new();
        loop {
            let rows = self.below(&[&id, "rows"], &format!("limit={PAGE}&cursor={cursor}"));
            let page = answer(self.client.get(rows), parcel).await?;
            for row in page["items"].as_array().into_iter().flatten() {
                let text = |name: &str| row[name].as_str();
                if !args.verbose && text("problem").is_none() {
                    continue;
                }
                let notes = row["notes"].as_array().into_iter().flatten();
                let notes: Vec<String> = notes
                    .filter_map(|note| note.as_str().map(str::to_owned))
                    .collect();
                Line {
                    index: row["index"].as_i64().unwrap_or_default(),
                    outcome: text("outcome"),
                    client: text("client_id"),
                    standing: text("standing"),
                    place: text("place").unwrap_or_default(),
                    problem: text("problem"),
                    notes: &notes,
                }
                .print(&parcel.file_of(text("file").unwrap_or_default()))?;
            }
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        if upload["state"] != "done" {
            return Err(parcel.unfinished(upload["problem"].as_str()));
        }
        summed_up(&upload, args, parcel)?;
        said_nothing(
            parcel,
            upload["asked"].as_i64().zip(upload["answered"].as_i64()),
        );
        Ok(upload["rejected"].as_i64().unwrap_or_default())
    }

    fn below(&self, steps: &[&str], query: &str) -> reqwest::Url {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(steps);
        }
        url.set_query(Some(query));
        url
    }
}

/// Files as a form, as browsers send it: its kind and its body.
fn form(files: Vec<(String, Vec<u8>)>) -> (String, Vec<u8>) {
    // Drawn by chance, so that no file has it in it.
    let boundary = Uuid::now_v7().simple().to_string();
    let mut body = Vec::new();
    for (name, bytes) in files {
        let name = name
            .replace('\r', "%0D")
            .replace('\n', "%0A")
            .replace('"', "%22");
        let head = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"files\"; filename=\"{name}\"\r\ncontent-type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

async fn answer(request: reqwest::RequestBuilder, parcel: &Parcel<'_>) -> Result<Value, Error> {
    let answer = request
        .send()
        .await
        .map_err(|error| parcel.failed(unreached(&error)))?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| parcel.failed(error))?;
    let value: Value = serde_json::from_str(&text).map_err(|_| {
        parcel.failed(format!(
            "the server answered {status}, which is no answer of cutover"
        ))
    })?;
    if status.is_success() {
        return Ok(value);
    }
    let detail = value["detail"].as_str().unwrap_or_default();
    if [401, 403].contains(&status.as_u16()) {
        return Err(parcel.failed(format!(
            "the server refuses the token ({detail}); make one with `cutover token create --purpose import` and give it \
             with --token or CUTOVER_TOKEN"
        )));
    }
    Err(parcel.failed(format!("the server answered {status}: {detail}")))
}

/// Says what became of an upload.
fn summed_up(
    upload: &serde_json::Value,
    args: &ImportArgs,
    parcel: &Parcel<'_>,
) -> Result<(), Error> {
    let count = |place: &str| {
        upload
            .pointer(place)
            .and_then(Value::as_i64)
            .unwrap_or_default()
    };
    let told: Vec<&Value> = upload["told"].as_array().into_iter().flatten().collect();
    Summary {
        formats: told
            .iter()
            .filter_map(|told| told["format"].as_str())
            .collect(),
        notes: told
            .iter()
            .flat_map(|told| {
                let name = told["name"].as_str().unwrap_or_default();
                let notes = told["notes"].as_array().into_iter().flatten();
                notes.filter_map(move |note| Some((name, note.as_str()?)))
            })
            .collect(),
        rows: count("/rows/total"),
        stored: [
            count("/stored/new"),
            count("/stored/changed"),
            count("/stored/unchanged"),
            count("/stored/late"),
        ],
        refused: count("/rejected"),
        by: upload["created_by"].as_str().unwrap_or_default(),
    }
    .print(args, parcel)
}
