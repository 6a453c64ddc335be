# One set of compiler settings for every target; presets choose the sanitizer and the optimisation.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)

option(MUSTER_WERROR "Treat warnings as errors" OFF)
option(MUSTER_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
set(MUSTER_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=")

# Members that a designated initialiser leaves out have their defaults: that is no reason to warn.
add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wswitch-enum
                    -Wno-missing-field-initializers)
# GCC 12 warns wrongly about "text" + std::string when it optimises (GCC bug 105651).
add_compile_options($<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-restrict>)
# False alarms of GCC 12 when it inlines std::string and std::expected (gcc.gnu.org/PR105329, PR105562).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options($<$<CONFIG:Release>:-Wno-restrict> $<$<CONFIG:Release>:-Wno-maybe-uninitialized>)
endif()
# Clang reads more into -Wconversion than GCC, does not forgive GCC's library its own stable_sort, and takes
# what the neighbours in a unity source have in their anonymous namespaces for shadowed.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wno-sign-conversion -Wno-deprecated-declarations -Wno-shadow)
endif()
add_compile_options($<$<CONFIG:Release>:-ffunction-sections> $<$<CONFIG:Release>:-fdata-sections>)
if(MUSTER_WERROR)
  add_compile_options(-Werror)
endif()
if(MUSTER_SANITIZE)
  add_compile_options(-fsanitize=${MUSTER_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MUSTER_SANITIZE})
  if(MUSTER_SANITIZE MATCHES "address,undefined")
    # A third of the time of such a build: address has what null and object-size look for at -O0, and
    # misaligned values come from casts, of which there are few.
    add_compile_options(-fno-sanitize=null,alignment,object-size)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      # NVML's functions are declared here by themselves, so that its header is not needed.
      add_compile_options(-fno-sanitize=function)
    endif()
  endif()
endif()
if(MUSTER_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined)
  add_link_options(-fsanitize=address,undefined)
endif()

# Presets that build everything once compile several sources of a layer together, which halves the time;
# the preset dev compiles each by itself, so that a change costs one source.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 12)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

# What -O3 adds is a seventh of the compiler's time and nothing that bench/run measures.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
