set -euo pipefail
curl --fail --silent --show-error --compressed --cacert "$CUTOVER_CA" \
    --header "Authorization: Bearer $CUTOVER_TOKEN" \
    --output cutover_ci.csv.part \
    "$CUTOVER_URL/api/v1/clients?format=csv&fields=id,name,fqdn,serial_number,os,site_code,resource_id,standing,impact,reasons,fixes,owner,collected_at"
mv cutover_ci.csv.part cutover_ci.csv
