# What Turnstile stands on: found, checked, and explained when missing.

find_package(Threads REQUIRED)

find_package(Boost 1.81 QUIET)
if(NOT Boost_FOUND)
    message(FATAL_ERROR "Turnstile needs Boost 1.81 or newer (headers only): older Asio has no per-operation cancellation.\n"
                        "On Debian 12: apt-get install libboost1.81-dev")
endif()

find_package(spdlog 1.10 QUIET)
if(NOT spdlog_FOUND)
    message(FATAL_ERROR "Turnstile needs spdlog 1.10 or newer.\nOn Debian 12: apt-get install libspdlog-dev")
endif()

find_path(ZOOKEEPER_INCLUDE_DIR zookeeper/zookeeper.h)
find_library(ZOOKEEPER_LIBRARY zookeeper_mt)
if(NOT ZOOKEEPER_INCLUDE_DIR OR NOT ZOOKEEPER_LIBRARY)
    message(FATAL_ERROR "Turnstile needs ZooKeeper's multi-threaded C client, libzookeeper_mt.\n"
                        "On Debian 12: apt-get install libzookeeper-mt-dev")
endif()
if(NOT TARGET turnstile_zookeeper_mt)
    add_library(turnstile_zookeeper_mt UNKNOWN IMPORTED)
    set_target_properties(turnstile_zookeeper_mt PROPERTIES
        IMPORTED_LOCATION "${ZOOKEEPER_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${ZOOKEEPER_INCLUDE_DIR}")
endif()

if(TURNSTILE_BUILD_TESTS)
    find_package(GTest 1.12 QUIET)
    if(NOT GTest_FOUND)
        message(FATAL_ERROR "The tests need GoogleTest 1.12 or newer (or -DTURNSTILE_BUILD_TESTS=OFF).\n"
                            "On Debian 12: apt-get install libgtest-dev")
    endif()
endif()
