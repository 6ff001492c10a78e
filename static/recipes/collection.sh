set -euo pipefail
curl --fail --silent --show-error --cacert "$CUTOVER_CA" \
    --header "Authorization: Bearer $CUTOVER_TOKEN" \
    --output blockers.ps1 \
    "$CUTOVER_URL/api/v1/blockers?format=powershell&site=$CUTOVER_SITE"
