//! Recipes: programs for the usual errands, ready to be copied. The tests run each as it is shown.

use serde_json::Value;

use super::api::{Prose, prose};

/// A recipe.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Where it stands on the page.
    pub id: &'static str,
    /// What it does.
    pub title: &'static str,
    /// What one should know.
    pub says: Prose,
    /// In which language, as a class of its text.
    pub language: &'static str,
    /// The text.
    pub text: &'static str,
}

macro_rules! recipes {
    ($($id:literal $language:literal $path:literal $file:literal $title:literal $says:literal;)*) => {
        [$(($id, $language, $path, include_str!(concat!("../../static/recipes/", $file)), $title, $says),)*]
    };
}

/// Name, language, the call it needs, its text, what it does, and what one should know.
const ALL: [(&str, &str, &str, &str, &str, &str); 9] = recipes! {
    "recipe-curl-csv" "bash" "/api/v1/blockers" "whole-list.sh"
        "The whole list as CSV, with curl"
        "Everybody who is not cleared. `--compressed` makes it about ten times shorter on the way.";
    "recipe-curl-pages" "bash" "/api/v1/blockers" "pages.sh"
        "The list page by page, with curl"
        "Leaves a page as JSON on each line of `pages.ndjson`. curl waits by itself when it is told to (429, 503).";
    "recipe-curl-resume" "bash" "/api/v1/blockers" "resume.sh"
        "A long download that can be gone on with"
        "Started again, it goes on behind the last row that arrived. Begin a new list with no `blockers.ndjson`.";
    "recipe-curl-changes" "bash" "/api/v1/blockers/changes" "changes.sh"
        "Follow what changes"
        "Run it again and again; it goes on where it was. When the answer is 410 the place is too old: remove `cursor.txt`, start again, and take the whole list once more.";
    "recipe-collection" "bash" "/api/v1/blockers" "collection.sh"
        "A script that makes a collection of the blockers of a site"
        "`CUTOVER_SITE` is the code of the site. The script says itself how it is used, and changes nothing without `-Apply`. Any filter of the list does.";
    "recipe-powershell" "powershell" "/api/v1/blockers" "pages.ps1"
        "PowerShell"
        "Gives objects, for `Export-Csv` and whatever else.";
    "recipe-python" "python" "/api/v1/blockers" "pages.py"
        "Python"
        "The standard library is enough.";
    "recipe-excel" "powerquery" "/api/v1/blockers" "blockers.pq"
        "Excel and Power BI"
        "Power Query, as text for the *Advanced Editor* of a blank query. Windows has to trust the certificate of the server.";
    "recipe-servicenow" "bash" "/api/v1/clients" "servicenow.sh"
        "Configuration items for ServiceNow"
        "A table for an import set. Its transform map takes `serial_number`, `name`, `fqdn` and `os` to the fields of the same names of the computer (coalesce on `serial_number`, or on `correlation_id`), `id` to `correlation_id`, and the others to fields of your own, such as `u_cutover_standing`, `u_cutover_impact`, `u_cutover_reasons`, `u_cutover_fixes` and `u_cutover_collected_at`. Everybody is in it, so that whoever is ready again is so there, too.";
};

/// The recipes for the calls that the document has.
pub fn recipes(document: &Value) -> Vec<Recipe> {
    let there = |path: &str| document["paths"].get(path).is_some();
    let all = ALL.into_iter();
    let all = all.filter(|(_, _, path, ..)| there(path));
    all.map(|(id, language, _, text, title, says)| Recipe {
        id,
        title,
        says: prose(says),
        language,
        text,
    })
    .collect()
}
