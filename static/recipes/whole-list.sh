set -euo pipefail
curl --fail --silent --show-error --compressed --cacert "$CUTOVER_CA" \
    --header "Authorization: Bearer $CUTOVER_TOKEN" \
    --output blockers.csv.part \
    "$CUTOVER_URL/api/v1/blockers?format=csv&standing=all"
# Only a download that came to its end gets the name.
mv blockers.csv.part blockers.csv
