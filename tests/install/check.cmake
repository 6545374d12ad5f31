# Builds and runs the consumer: cmake -DHOW=installed|subdirectory -DWHERE=scratch … -P check.cmake
function(run)
    execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WHERE}/prefix)
if(HOW STREQUAL installed)
    run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WHERE}/prefix)
    set(from -DCMAKE_PREFIX_PATH=${WHERE}/prefix)
else()
    set(from -DTURNSTILE_SOURCE=${SOURCE})
endif()
run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${WHERE}/build
    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} ${from})
run(${CMAKE_COMMAND} --build ${WHERE}/build --parallel 2 --target consumer)
run(${WHERE}/build/consumer)
