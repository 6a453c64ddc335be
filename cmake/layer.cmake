# layer(NAME SOURCES ... HEADERS ... USES ...)
#
# A static library whose headers are named by their path from the repository's root. USES are the only
# targets that it sees. Headers are compiled alone by the preset `headers` (headers.cmake).
function(layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;HEADERS;USES" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  if(arg_HEADERS)
    target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${arg_HEADERS})
  endif()
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${arg_USES})
  set_target_properties(${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON LINKER_LANGUAGE CXX)
endfunction()

# program(NAME [STARTED_OFTEN] SOURCES ... USES ...): an executable in build/bin, with the C++ runtime linked
# in so that it starts fast and runs on a node that has no compiler. What is STARTED_OFTEN, listens to nobody
# and is over soon has fixed addresses: a seventh of the time of a start is relocation.
function(program name)
  cmake_parse_arguments(arg "STARTED_OFTEN" "" "SOURCES;USES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_USES})
  if(NOT MUSTER_SANITIZE)
    target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc LINKER:--gc-sections
                        $<$<BOOL:${arg_STARTED_OFTEN}>:-no-pie>)
  endif()
endfunction()
