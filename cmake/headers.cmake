# The preset `headers` compiles every header alone, with the standard library precompiled in front of it:
# most of the time of such a compilation is reading that. tests/tidy/standard.cpp looks after what this hides.

option(MUSTER_HEADERS_ALONE "Compile headers alone behind a precompiled standard library" OFF)
if(NOT MUSTER_HEADERS_ALONE)
  return()
endif()
unset(CMAKE_CXX_COMPILER_LAUNCHER)  # to read the precompiled header again costs ccache more than it saves

set(standard ${CMAKE_BINARY_DIR}/standard.h)
file(GLOB_RECURSE sources ${CMAKE_SOURCE_DIR}/lib/*.h ${CMAKE_SOURCE_DIR}/scheduler/*.h ${CMAKE_SOURCE_DIR}/tests/*.h)
set(includes)
foreach(source IN LISTS sources)
  file(STRINGS ${source} lines REGEX "^#include <[a-z_]+>$")
  list(APPEND includes ${lines})
endforeach()
list(REMOVE_DUPLICATES includes)
list(JOIN includes "\n" text)
file(WRITE ${standard} "${text}\n")
execute_process(
  COMMAND ${CMAKE_CXX_COMPILER} -std=c++${CMAKE_CXX_STANDARD} -x c++-header ${standard} -o ${standard}.gch
  COMMAND_ERROR_IS_FATAL ANY)
# Warnings are those of the sources; options that the precompiled header was not made with make it useless.
set_directory_properties(PROPERTIES COMPILE_OPTIONS "-include;${standard};-Winvalid-pch;-Werror=invalid-pch")
