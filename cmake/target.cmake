# What all our targets have in common.

# Build faster where ccache is installed.
find_program(TURNSTILE_CCACHE ccache)
if(TURNSTILE_CCACHE AND PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER ${TURNSTILE_CCACHE})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${TURNSTILE_CCACHE})
endif()

function(turnstile_target name)
    target_compile_features(${name} PUBLIC cxx_std_20)
    set_target_properties(${name} PROPERTIES
        CXX_EXTENSIONS OFF
        CXX_VISIBILITY_PRESET hidden
        VISIBILITY_INLINES_HIDDEN ON
        POSITION_INDEPENDENT_CODE ON)
    target_compile_options(${name} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wold-style-cast -Wcast-align
                                           -Woverloaded-virtual -Wextra-semi)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # False positives of g++ 12 on coroutine frames and on Boost's and fmt's inlined code.
        target_compile_options(${name} PRIVATE -Wno-maybe-uninitialized -Wno-mismatched-new-delete)
    endif()
    if(TURNSTILE_WERROR)
        target_compile_options(${name} PRIVATE -Werror)
    endif()
    if(TURNSTILE_SANITIZE)
        target_compile_options(${name} PUBLIC -fsanitize=${TURNSTILE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
        target_link_options(${name} PUBLIC -fsanitize=${TURNSTILE_SANITIZE})
    endif()
endfunction()

# A library of ours: `turnstile_library(recipes EXPORT recipes/export.hpp MACRO TURNSTILE_RECIPES_EXPORT SOURCES …)`
# is turnstile::recipes, libturnstile_recipes.
function(turnstile_library name)
    cmake_parse_arguments(arg "" "OUTPUT;EXPORT;MACRO" "SOURCES" ${ARGN})
    add_library(turnstile_${name} ${arg_SOURCES})
    add_library(turnstile::${name} ALIAS turnstile_${name})
    turnstile_target(turnstile_${name})
    set_target_properties(turnstile_${name} PROPERTIES
        OUTPUT_NAME ${arg_OUTPUT} EXPORT_NAME ${name}
        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
    generate_export_header(turnstile_${name}
        BASE_NAME ${arg_OUTPUT} EXPORT_MACRO_NAME ${arg_MACRO}
        EXPORT_FILE_NAME ${PROJECT_BINARY_DIR}/include/turnstile/${arg_EXPORT})
    target_include_directories(turnstile_${name} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    if(NOT BUILD_SHARED_LIBS)
        string(TOUPPER ${arg_OUTPUT} upper)
        target_compile_definitions(turnstile_${name} PUBLIC ${upper}_STATIC_DEFINE)
    endif()
endfunction()
