# Splits SQL into its statements and hands each to ngeshare.upgrade_step(), as a
# dollar-quoted text. It knows comments, quotes, dollar quotes, and bodies between
# BEGIN ATOMIC and END on lines of their own.

function hand_over()
{
    gsub(/^[ \t\n]+|[ \t\n]+$/, "", statement)
    if (statement != "")
        printf "SELECT ngeshare.upgrade_step($statement$\n%s\n$statement$);\n\n", statement
    statement = ""
}

# Takes the next characters of a line as they are.
function take(length_of)
{
    statement = statement substr(line, at, length_of)
    at += length_of
}

# A dollar quote's tag, where one begins here.
function tag_here()
{
    return match(substr(line, at), /^[$][a-z_]*[$]/) ? substr(line, at, RLENGTH) : ""
}

/[$]statement[$]/ { print FILENAME ": $statement$ is this script's own quote" > "/dev/stderr"; exit 1 }

{
    line = $0
    at = 1
    if (quote == "" && line == "BEGIN ATOMIC")
        in_body = 1
    else if (quote == "" && line ~ /^END;?$/)
        in_body = 0
    while (at <= length(line)) {
        here = substr(line, at, 1)
        if (quote != "") {
            if (substr(line, at, length(quote)) == quote) {
                take(length(quote))
                quote = ""
            } else
                take(1)
        } else if (substr(line, at, 2) == "--")
            break
        else if (here == "'" || here == "\"" || (here == "$" && tag_here() != "")) {
            quote = here == "$" ? tag_here() : here
            take(length(quote))
        } else if (here == ";" && !in_body) {
            hand_over()
            at++
        } else
            take(1)
    }
    statement = statement "\n"
}

END {
    if (quote != "" || statement ~ /[^ \t\n]/) {
        print "a statement does not end: " statement > "/dev/stderr"
        exit 1
    }
}
