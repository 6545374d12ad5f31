# Checks one document: its snippets are the sources', word for word, and its links lead to files.
#
#     cmake -DDOCUMENT=README.md -DROOT=... -P check_document.cmake
#
# A document names the source of a block in the line before it,
#
#     <!-- snippet: examples/first_lock_blocking.cpp lock -->
#     ```cpp
#
# and the source marks it with `// snippet: lock` and `// end of snippet` (`#` in Python). Indentation is the source's own
# business.
cmake_minimum_required(VERSION 3.25)

set(faults "")
macro(fault)
    string(CONCAT found ${ARGN})
    string(APPEND faults "\n  ${DOCUMENT}: ${found}")
endmacro()

# What stands in `text` between the first `from` and the next `to`; "missing" when there is no such.
function(between text from to result)
    set(${result} "missing" PARENT_SCOPE)
    string(FIND "${text}" "${from}" begin)
    if(begin EQUAL -1)
        return()
    endif()
    string(LENGTH "${from}" skip)
    math(EXPR begin "${begin} + ${skip}")
    string(SUBSTRING "${text}" ${begin} -1 rest)
    string(FIND "${rest}" "${to}" end)
    if(end EQUAL -1)
        return()
    endif()
    string(SUBSTRING "${rest}" 0 ${end} found)
    set(${result} "${found}" PARENT_SCOPE)
endfunction()

# The marked part of a source file, moved to the left margin.
function(marked source name result)
    set(${result} "missing" PARENT_SCOPE)
    if(NOT EXISTS ${ROOT}/${source})
        return()
    endif()
    file(READ ${ROOT}/${source} text)
    between("${text}" " snippet: ${name}\n" " end of snippet" snippet)
    if(snippet STREQUAL "missing")
        return()
    endif()
    string(REGEX REPLACE "(//|#)$" "" snippet "${snippet}")
    string(REGEX REPLACE "^( *)[^ ].*$" "\\1" margin "${snippet}")
    string(REPLACE "\n${margin}" "\n" snippet "\n${snippet}")
    string(STRIP "${snippet}" snippet)
    set(${result} "${snippet}" PARENT_SCOPE)
endfunction()

file(READ ${ROOT}/${DOCUMENT} text)

set(rest "${text}")
set(opening "<!-- snippet: ")
while(TRUE)
    between("${rest}" "${opening}" " -->\n" head)
    if(head STREQUAL "missing")
        break()
    endif()
    string(FIND "${rest}" "${opening}${head} -->\n" at)
    string(SUBSTRING "${rest}" ${at} -1 rest)
    between("${rest}" "-->\n```" "```" block)
    string(REGEX REPLACE "^(cpp|python)\n" "" block "${block}")
    string(SUBSTRING "${rest}" 10 -1 rest)
    string(STRIP "${block}" block)
    string(REPLACE " " ";" head_words "${head}")
    list(GET head_words 0 source)
    list(GET head_words 1 name)
    marked(${source} ${name} snippet)
    if(snippet STREQUAL "missing")
        fault("there is no snippet '${name}' in ${source}")
    elseif(NOT "${block}" STREQUAL "${snippet}")
        fault("the block differs from the snippet '${name}' of ${source}")
    endif()
endwhile()

get_filename_component(directory ${ROOT}/${DOCUMENT} DIRECTORY)
# Not in code, where a lambda looks like a link.
string(REGEX REPLACE "```[^`]*```" "" prose "${text}")
string(REPLACE "](" "LINK:" links "${prose}")
string(REGEX MATCHALL "LINK:[A-Za-z0-9_./-]+" links "${links}")
foreach(link IN LISTS links)
    string(REPLACE "LINK:" "" link "${link}")
    if(NOT link MATCHES "^https?$" AND NOT EXISTS ${directory}/${link})
        fault("a link leads nowhere: ${link}")
    endif()
endforeach()

if(faults)
    message(FATAL_ERROR "${faults}")
endif()
