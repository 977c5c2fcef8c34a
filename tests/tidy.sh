#!/bin/bash
# Style that a program can check: layers, sizes, names, banned calls. Prints file:line: what.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
say() { echo "$1"; bad=$((bad + 1)); }

mapfile -t c_files < <(git ls-files --cached --others --exclude-standard \
    'src/*.[ch]' 'workers/*.c' 'tests/*.[ch]')

# --- layers: base < job < {quality, dialect} < fleet < {gateway, cli} < workers; io beside
allowed() {
    case $1 in
    base) echo "base" ;;
    job) echo "base job" ;;
    quality) echo "base job quality" ;;
    dialect) echo "base job dialect" ;;
    io) echo "base io" ;;
    fleet) echo "base job quality dialect io fleet" ;;
    gateway) echo "base job quality dialect io fleet gateway" ;;
    cli) echo "base job quality dialect io fleet cli" ;;
    esac
}
for folder in base job quality dialect io fleet gateway cli; do
    [ -d "src/$folder" ] || continue
    may=" $(allowed "$folder") "
    while IFS=: read -r file line text; do
        to=${text#*\"}
        to=${to%%/*}
        case $may in
        *" $to "*) ;;
        *) [ -d "src/$to" ] && say "$file:$line: $folder may not include $to" ;;
        esac
    done < <(grep -nE '^#include "[a-z_]+/' "src/$folder"/*.[ch] /dev/null)
done

# --- a third-party header has one folder, mostly one file
third() {  # header pattern, files that may include it
    while IFS=: read -r file line _; do
        case " $2 " in
        *" $file "*) ;;
        *) say "$file:$line: $1 belongs in $2" ;;
        esac
    done < <(grep -nE "^#include <$1" src/*/*.[ch] workers/*.c)
}
third 'librdkafka/' "src/io/kafka.c src/io/consumer.c src/io/producer.c src/io/kafka_admin.c"
third 'curl/' "src/io/http.c"
third 'libpq-fe' "src/io/pg.c src/io/pg_error.c src/io/pg_result.c src/io/pg_session.c"
third '(jq|jv)\.h' "src/io/jq.c"
third 'yaml\.h' "src/io/yaml.c"
third 'microhttpd' "src/io/httpd.c"
third 'gnutls/' "src/io/tls.c src/io/seal.c"
third 'uv\.h' "src/io/loop.c src/io/http.c src/io/httpd.c src/io/pg.c src/io/disk.c"
while IFS=: read -r file line _; do
    case $file in
    src/job/wire.c | src/job/wire_input.h) ;;
    *) say "$file:$line: the generated messages belong in src/job/wire.c" ;;
    esac
done < <(grep -n 'pb-c.h' src/*/*.[ch])

# --- sizes
for file in "${c_files[@]}"; do
    lines=$(wc -l < "$file")
    most=500
    case $file in *.h) most=120 ;; workers/*) most=80 ;; esac
    [ "$lines" -le $most ] || say "$file: $lines lines, more than $most"
done
while IFS=: read -r file line _; do
    say "$file:$line: more than 100 columns"
done < <(LC_ALL=C.UTF-8 grep -nE '^.{101,}' "${c_files[@]}")
# A function begins with a line that ends in '{' at column 0's declaration and ends with '}' there.
awk '
    FNR == 1 { start = 0 }
    /^[a-zA-Z].*\)[^;]*\{$/ || (/^[ ]+.*\) \{$/ && head) { if (!start) start = FNR }
    { head = /^[a-zA-Z].*[(,]$/ || (head && /,$/) || (/^[a-zA-Z].*\(/ && !/[;{}]$/) }
    /^}/ { if (start && FNR - start + 1 > 70)
               { print FILENAME ":" start ": a function of " FNR - start + 1 " lines, more than 70"; rc = 1 }
           start = 0 }
    END { exit rc }' "${c_files[@]}" || bad=$((bad + 1))

# --- banned
while IFS=: read -r file line text; do
    say "$file:$line: banned: $text"
done < <(grep -nE '(^|[^a-zA-Z_>.])(strcpy|strcat|sprintf|gets|strtok|atoi|atol|alloca|system|popen) *\(' "${c_files[@]}")
while IFS=: read -r file line text; do
    say "$file:$line: memory is base/mem.h's: $text"
done < <(grep -nE '(^|[^a-zA-Z_>.])(malloc|calloc|realloc|free|strdup) *\(' src/*/*.c | grep -v '^src/base/mem.c:')
while IFS=: read -r file line text; do
    say "$file:$line: a struct has no typedef"
done < <(grep -nE '^typedef struct' src/*/*.[ch] workers/*.c)
while IFS=: read -r file line text; do
    say "$file:$line: $text"
done < <(grep -nE '(TODO|FIXME|XXX|HACK)' "${c_files[@]}")

# --- guards and names
for file in $(git ls-files --cached --others --exclude-standard 'src/*.h'); do
    guard=TASKFIT_$(echo "${file#src/}" | tr 'a-z/.' 'A-Z__')
    grep -q "^#ifndef $guard\$" "$file" || say "$file: its guard is not $guard"
    head -n 1 "$file" | grep -q '^//' || say "$file: begins without saying what it is"
done

if [ $bad -gt 0 ]; then
    echo "$bad findings"
    exit 1
fi
echo "tidy"
