# `cmake --install` and find_package(turnstile).
include(CMakePackageConfigHelpers)

set(turnstile_installed turnstile_turnstile turnstile_recipes)
if(TARGET turnstile_testing)
    list(APPEND turnstile_installed turnstile_testing)
endif()

install(TARGETS ${turnstile_installed} EXPORT turnstile-targets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ ${PROJECT_BINARY_DIR}/include/
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(EXPORT turnstile-targets NAMESPACE turnstile:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/turnstile)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/turnstile-config.cmake.in
    ${PROJECT_BINARY_DIR}/turnstile-config.cmake
    INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/turnstile)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/turnstile-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/turnstile-config.cmake ${PROJECT_BINARY_DIR}/turnstile-config-version.cmake
              ${PROJECT_SOURCE_DIR}/cmake/dependencies.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/turnstile)
