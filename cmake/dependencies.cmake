# Everything found outside the tree. Required parts stop the configure step; optional ones are reported.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
get_target_property(fmt_headers fmt::fmt-header-only INTERFACE_INCLUDE_DIRECTORIES)
find_package(spdlog REQUIRED)
get_target_property(spdlog_headers spdlog::spdlog_header_only INTERFACE_INCLUDE_DIRECTORIES)
add_library(spdlog_library INTERFACE)
target_include_directories(spdlog_library SYSTEM INTERFACE ${spdlog_headers})
target_compile_definitions(spdlog_library INTERFACE SPDLOG_FMT_EXTERNAL)
target_link_libraries(spdlog_library INTERFACE fmt_library Threads::Threads)
set(Protobuf_USE_STATIC_LIBS ON)
find_package(Protobuf REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Boost REQUIRED COMPONENTS program_options)
find_package(nlohmann_json REQUIRED)
pkg_check_modules(hwloc REQUIRED IMPORTED_TARGET hwloc)
pkg_check_modules(uv REQUIRED IMPORTED_TARGET libuv)

# libuv and SQLite are linked statically where the package has the archive: programs start faster.
find_library(UV_ARCHIVE NAMES libuv_a.a libuv.a)
add_library(uv_library INTERFACE)
if(UV_ARCHIVE)
  target_link_libraries(uv_library INTERFACE ${UV_ARCHIVE} Threads::Threads ${CMAKE_DL_LIBS} rt)
else()
  target_link_libraries(uv_library INTERFACE PkgConfig::uv)
endif()

# Open MPI and PMIx are needed for the ranks of real MPI programs, by the examples and the PMIx server.
find_package(MPI COMPONENTS CXX)
pkg_check_modules(pmix IMPORTED_TARGET pmix)

# MPICH, beside Open MPI, is for tests and measurements of PMI-1. Its .pc file names libraries that
# only static linking needs.
pkg_check_modules(mpich QUIET mpich)
find_library(MPICH_LIBRARY mpich HINTS ${mpich_LIBRARY_DIRS})
if(mpich_FOUND AND MPICH_LIBRARY)
  add_library(mpich_library INTERFACE)
  target_include_directories(mpich_library SYSTEM INTERFACE ${mpich_INCLUDE_DIRS})
  target_link_libraries(mpich_library INTERFACE ${MPICH_LIBRARY})
endif()

# CUDA and NCCL serve the GPU example and the GPU checks. nvcc is often not in PATH; check_language tries it
# in a project of its own, so a compiler that does not work here never stops the configure step.
find_program(NVCC nvcc HINTS $ENV{CUDA_HOME}/bin /usr/local/cuda/bin)
if(NVCC AND NOT DEFINED ENV{CUDACXX})
  set(ENV{CUDACXX} ${NVCC})
endif()
include(CheckLanguage)
check_language(CUDA)
if(CMAKE_CUDA_COMPILER)
  find_package(CUDAToolkit QUIET)
endif()
find_path(NCCL_INCLUDE nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS} $ENV{NCCL_HOME}/include)
find_library(NCCL_LIBRARY nccl HINTS ${CUDAToolkit_LIBRARY_DIR} $ENV{NCCL_HOME}/lib)

# The digits example and the replay of logs read compressed files with zlib.
find_package(ZLIB REQUIRED)

function(print_dependencies)
  message(STATUS "muster ${PROJECT_VERSION}: optional parts")
  message(STATUS "  MPI   ${MPI_CXX_FOUND} ${MPI_CXX_VERSION}")
  message(STATUS "  MPICH ${mpich_FOUND} ${mpich_VERSION}")
  message(STATUS "  PMIx  ${pmix_FOUND} ${pmix_VERSION}")
  message(STATUS "  CUDA  ${CMAKE_CUDA_COMPILER}")
  message(STATUS "  NCCL  ${NCCL_LIBRARY}")
endfunction()
