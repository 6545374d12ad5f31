# kazoo, as Debian packages it: it stands in our lines (tests/interop) and is measured beside us (bench).

# The Python for which Debian's packages are; another one may come first in the path.
find_program(TURNSTILE_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
set(no_kazoo 1)
if(TURNSTILE_PYTHON)
    execute_process(COMMAND ${TURNSTILE_PYTHON} -c "import kazoo" RESULT_VARIABLE no_kazoo ERROR_QUIET)
endif()

# Debian's packages that have to be installed first; empty when all is there.
set(TURNSTILE_KAZOO_MISSING "")
if(no_kazoo)
    set(TURNSTILE_KAZOO_MISSING python3-kazoo)
endif()
