# The compiler's rules for every source of ours: C++23 with clang, warnings are errors, optional sanitizers and fuzzing.
# BERTH_SANITIZE: "", "address,undefined" or "thread".  BERTH_FUZZ: builds the fuzz targets with libFuzzer.
set(BERTH_SANITIZE "" CACHE STRING "sanitizers to build with: address,undefined or thread")
option(BERTH_FUZZ "build the libFuzzer targets" OFF)

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "Berth needs clang 19 or newer (g++ 12 miscompiles coroutines); use the presets of CMakePresets.json")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(BERTH_CCACHE ccache)
if(BERTH_CCACHE)
  # It refuses precompiled headers unless told that their macros are the command line's.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${BERTH_CCACHE})
endif()
find_program(BERTH_MOLD mold)
if(BERTH_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(OpenSSL 3.0 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(LibArchive REQUIRED)
find_package(GTest REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(nghttp2 REQUIRED IMPORTED_TARGET GLOBAL libnghttp2>=1.52)

# What every source of ours is compiled with.
add_library(berth_options INTERFACE)
target_include_directories(berth_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(berth_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wimplicit-fallthrough -Wunused -Werror -fno-omit-frame-pointer
  "$<$<CONFIG:Release,RelWithDebInfo>:-D_FORTIFY_SOURCE=2>" -fstack-protector-strong)
target_compile_definitions(berth_options INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_ASIO_DISABLE_BOOST_COROUTINE
  # Asio keeps this many freed operations of a kind for the next ones. It would keep coroutines' frames, too, and put a small
  # frame that waits for hours into a large one that a request left; malloc's blocks fit (decision 14).
  BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=8 BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING
  BERTH_VERSION="${PROJECT_VERSION}")
# Boost, fmt and spdlog are packages: their headers are SYSTEM, their warnings are not ours.
target_link_libraries(berth_options INTERFACE Boost::headers Boost::json Boost::url fmt::fmt Threads::Threads)

if(BERTH_SANITIZE)
  add_compile_options(-fsanitize=${BERTH_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${BERTH_SANITIZE})
  if(BERTH_SANITIZE MATCHES "undefined")
    # The vptr check opens a pipe to see whether memory can be read, and takes a process that has no descriptor left, as
    # some tests make it, for one with a broken object.
    add_compile_options(-fno-sanitize=vptr)
  endif()
  target_compile_options(berth_options INTERFACE -U_FORTIFY_SOURCE)
endif()
# Of tests, but not of what they test: a third of the time of their compilation, half of it with sanitizers.
set(BERTH_TEST_OPTIONS -O0 -U_FORTIFY_SOURCE)
if(BERTH_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
