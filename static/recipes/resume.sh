set -euo pipefail
list="$CUTOVER_URL/api/v1/blockers?format=ndjson&cursors=1"
touch blockers.ndjson
for wait in 0 5 30 120 600; do
    sleep "$wait"
    # What follows the last line end is no whole row.
    head -n "$(wc -l <blockers.ndjson)" blockers.ndjson >blockers.ndjson.whole
    mv blockers.ndjson.whole blockers.ndjson
    cursor=$(tail -n 1 blockers.ndjson | sed -n 's/.*"cursor":"\([0-9a-f]*\)"}$/\1/p')
    if curl --fail --silent --show-error --cacert "$CUTOVER_CA" \
        --header "Authorization: Bearer $CUTOVER_TOKEN" \
        "$list${cursor:+&cursor=$cursor}" >>blockers.ndjson; then
        exit 0
    fi
done
echo "the list could not be had; blockers.ndjson is a part of it" >&2
exit 1
