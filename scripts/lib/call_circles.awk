# Finds circular calls inside each folder of src/ (with its subfolders): between files, and between
# subfolders. Prints each circle with its calls, and fails if there is one.
#
# Input: first the output of ctags with all functions (-f - --c-kinds=f), then the C files. Every
# use of a function's name counts as a call, also taking its address.

function folder_of(file,    part)
{
    return split(file, part, "/") > 2 ? part[1] "/" part[2] : part[1]
}

function directory_of(file)
{
    sub(/\/[^\/]*$/, "", file)
    return file
}

# Adds a call from one node to another. A node is a file, or a directory with a slash at its end.
function add_call(from, to, name)
{
    if (from == to)
        return
    if (!((from, to) in calls))
        callees[from] = callees[from] " " to
    if (!index(calls[from, to] " ", " " name " "))
        calls[from, to] = calls[from, to] " " name
    nodes[from] = 1
    nodes[to] = 1
}

# Marks all nodes that can be reached from start by way of node.
function walk(start, node,    next_nodes, count, i)
{
    count = split(callees[node], next_nodes, " ")
    for (i = 1; i <= count; i++)
        if (!((start, next_nodes[i]) in reaches)) {
            reaches[start, next_nodes[i]] = 1
            walk(start, next_nodes[i])
        }
}

NR == FNR {
    split($0, tag, "\t")
    if ($0 ~ /\tfile:/)
        is_static[tag[2], tag[1]] = 1
    else
        home[tag[1]] = tag[2]
    functions++
    next
}

FNR == 1 { in_comment = 0 }

{
    gsub(/'\\?.'/, "0")
    gsub(/"([^"\\]|\\.)*"/, "0")
    if (in_comment) {
        if (!sub(/^.*\*\//, ""))
            next
        in_comment = 0
    }
    gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, " ")
    if (sub(/\/\*.*$/, ""))
        in_comment = 1
    line = $0
    while (match(line, /[A-Za-z_][A-Za-z0-9_]*/)) {
        name = substr(line, RSTART, RLENGTH)
        line = substr(line, RSTART + RLENGTH)
        if (!(name in home) || (FILENAME, name) in is_static)
            continue
        if (folder_of(FILENAME) != folder_of(home[name]))
            continue
        add_call(FILENAME, home[name], name)
        add_call(directory_of(FILENAME) "/", directory_of(home[name]) "/", name)
    }
}

END {
    if (functions == 0) {
        print "no function was found"
        exit 1
    }
    for (node in nodes)
        walk(node, node)
    for (node in nodes) {
        if (!((node, node) in reaches) || node in is_told)
            continue
        circles++
        members = ""
        for (other in nodes)
            if ((node, other) in reaches && (other, node) in reaches) {
                is_told[other] = 1
                members = members " " other
            }
        count = split(members, member, " ")
        print "a circle of " count ":" members
        for (i = 1; i <= count; i++)
            for (j = 1; j <= count; j++)
                if ((member[i], member[j]) in calls)
                    print "    " member[i] " calls" calls[member[i], member[j]] " of " member[j]
    }
    exit circles > 0
}
