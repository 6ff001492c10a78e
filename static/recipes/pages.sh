set -euo pipefail
get() {
    curl --fail --silent --show-error --retry 5 --cacert "$CUTOVER_CA" \
        --header "Authorization: Bearer $CUTOVER_TOKEN" "$@"
}
: >pages.ndjson
cursor=
while :; do
    page=$(get "$CUTOVER_URL/api/v1/blockers?limit=1000${cursor:+&cursor=$cursor}")
    printf '%s\n' "$page" >>pages.ndjson
    cursor=$(printf '%s' "$page" | sed -n 's/.*"next_cursor":"\([0-9a-f]*\)".*/\1/p')
    if [ -z "$cursor" ]; then break; fi
done
