# Apache Curator, as Debian packages it: it stands in our lines (tests/interop) and is measured beside us (bench).

set(TURNSTILE_JARS /usr/share/java)
find_program(TURNSTILE_JAVA java)
# ecj is what scripts/setup installs: a tenth of the size of a JDK.
find_program(TURNSTILE_JAVAC NAMES ecj javac)

# Debian's packages that have to be installed first; empty when all is there.
set(TURNSTILE_CURATOR_MISSING "")
if(NOT TURNSTILE_JAVA OR NOT TURNSTILE_JAVAC)
    list(APPEND TURNSTILE_CURATOR_MISSING ecj)
endif()
if(NOT EXISTS ${TURNSTILE_JARS}/curator-recipes.jar)
    list(APPEND TURNSTILE_CURATOR_MISSING libcurator-recipes-java)
endif()

# `turnstile_curator_program(name directory)` compiles the directory's sources, and puts into `name`_CLASS_PATH what
# `java -cp` needs to run them.
function(turnstile_curator_program name directory)
    file(GLOB sources CONFIGURE_DEPENDS ${directory}/*.java)
    set(classes ${CMAKE_CURRENT_BINARY_DIR}/classes)
    set(curator_jars
        ${TURNSTILE_JARS}/curator-recipes.jar ${TURNSTILE_JARS}/curator-framework.jar ${TURNSTILE_JARS}/curator-client.jar
        ${TURNSTILE_JARS}/zookeeper.jar ${TURNSTILE_JARS}/zookeeper-jute.jar)
    list(JOIN curator_jars ":" curator_class_path)
    add_custom_command(OUTPUT ${classes}/compiled
        COMMAND ${CMAKE_COMMAND} -E rm -rf ${classes}
        COMMAND ${TURNSTILE_JAVAC} -proc:none -source 17 -target 17 -cp ${curator_class_path} -d ${classes} ${sources}
        COMMAND ${CMAKE_COMMAND} -E touch ${classes}/compiled
        DEPENDS ${sources}
        COMMENT "Compiling ${name}"
        VERBATIM)
    add_custom_target(${name} DEPENDS ${classes}/compiled)
    set(${name}_CLASS_PATH ${classes}:${curator_class_path}:${TURNSTILE_JARS}/guava.jar:${TURNSTILE_JARS}/slf4j-simple.jar PARENT_SCOPE)
endfunction()
