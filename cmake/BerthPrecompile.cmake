# berth_precompile(TARGET HEADERS): TARGET's sources start from the parsed cmake/HEADERS.h, which all targets share.
option(BERTH_PRECOMPILE "parse the headers that most sources read once for each build tree" ON)

if(BERTH_PRECOMPILE)
  # For ccache: what is in the parsed headers counts, not when they were parsed.
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  if(NOT EXISTS ${CMAKE_BINARY_DIR}/precompiled.cpp)
    file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cpp "")
  endif()
  foreach(headers precompiled precompiled_tests)
    add_library(berth_${headers} OBJECT ${CMAKE_BINARY_DIR}/precompiled.cpp)
    target_link_libraries(berth_${headers} PRIVATE berth_options)
    target_precompile_headers(berth_${headers} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/${headers}.h)
  endforeach()
  # Tests are programs, whose code is position-independent in another way than that of libraries.
  target_link_libraries(berth_precompiled_tests PRIVATE GTest::gmock)
  set_target_properties(berth_precompiled_tests PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(berth_precompiled_tests PRIVATE -fPIE ${BERTH_TEST_OPTIONS})
endif()

function(berth_precompile target headers)
  if(BERTH_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM berth_${headers})
  endif()
endfunction()
