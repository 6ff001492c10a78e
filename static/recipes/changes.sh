set -euo pipefail
get() {
    curl --fail --silent --show-error --retry 5 --cacert "$CUTOVER_CA" \
        --header "Authorization: Bearer $CUTOVER_TOKEN" "$@"
}
next() { sed -n 's/.*"next_cursor":"\([^"]*\)".*/\1/p'; }
changes=$CUTOVER_URL/api/v1/blockers/changes
# The first time: from now on. Take the whole list once, after this.
if [ ! -s cursor.txt ]; then
    get "$changes" | next >cursor.txt
fi
more=yes
while [ -n "$more" ]; do
    page=$(get --get --data-urlencode "cursor=$(cat cursor.txt)" "$changes")
    # Here something is done with the items: `kind` is added, changed or cleared, `why` says why.
    printf '%s\n' "$page" >>changes.ndjson
    # Then the place is kept. After a crash in between, the same items come once more.
    printf '%s' "$page" | next >cursor.txt.new
    mv cursor.txt.new cursor.txt
    case $page in *'"more":true'*) more=yes ;; *) more= ;; esac
done
