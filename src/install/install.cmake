# What `cmake --install` puts where, by GNUInstallDirs. The tree can be moved afterwards: what refers to
# another part of it does so by a relative path.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

foreach(folder BINDIR DATADIR DOCDIR INCLUDEDIR LIBDIR MANDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${folder}}")
    message(FATAL_ERROR "CMAKE_INSTALL_${folder} is ${CMAKE_INSTALL_${folder}}: it must be a folder below the "
                        "prefix, named from there")
  endif()
endforeach()
set(share ${CMAKE_INSTALL_DATADIR}/lcmpi)
set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/lcmpi)
set(pkgconfig_folder ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# between(RESULT FROM TO): the way from one folder of the installed tree to another place in it
function(between result from to)
  file(RELATIVE_PATH way ${CMAKE_INSTALL_PREFIX}/${from} ${CMAKE_INSTALL_PREFIX}/${to})
  string(REGEX REPLACE "/$" "" way ${way})
  set(${result} ${way} PARENT_SCOPE)
endfunction()

# link(FOLDER NAME TARGET): a symbolic link in a folder of the tree
function(link folder name target)
  between(way ${folder} ${target})
  set(link ${CMAKE_CURRENT_BINARY_DIR}/links/${folder}/${name})
  cmake_path(GET link PARENT_PATH parent)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${way} ${link} SYMBOLIC)
  install(FILES ${link} DESTINATION ${folder})
endfunction()

# ---- the program and its pages ---------------------------------------------------------------------
install(TARGETS lcmpi RUNTIME)
install(FILES ${manual} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME lcmpi)

# ---- tools and job scripts -------------------------------------------------------------------------
# The tools with their modules in one folder, and links to them where the program is: Python looks for
# modules where the link leads to. In share/lcmpi/bin is the program, as in a checkout build/release.
# Who may read and call what is not left to the umask that the checkout was made with.
set(callable OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(rules "")
foreach(tool IN LISTS tools)
  link(${CMAKE_INSTALL_BINDIR} ${tool} ${share}/postprocess/${tool})
  list(APPEND rules PATTERN ${tool} PERMISSIONS ${callable})
endforeach()
link(${share}/bin lcmpi ${CMAKE_INSTALL_BINDIR}/lcmpi)
install(DIRECTORY postprocess DESTINATION ${share} ${rules}
        PATTERN __pycache__ EXCLUDE PATTERN *.pyc EXCLUDE PATTERN *.h5 EXCLUDE
        PATTERN images EXCLUDE PATTERN README.md EXCLUDE)
# local.sh and experiments.sh build lcmpi; site.sh is the user's; job.sh and setup.sh are sourced
install(DIRECTORY jobs DESTINATION ${share}
        PATTERN local.sh EXCLUDE PATTERN experiments.sh EXCLUDE PATTERN site.sh EXCLUDE
        PATTERN __pycache__ EXCLUDE PATTERN README.md EXCLUDE
        PATTERN *.sbatch PERMISSIONS ${callable} PATTERN sweep.sh PERMISSIONS ${callable}
        PATTERN report.py PERMISSIONS ${callable})

# ---- texts, which refer to each other as they do here ----------------------------------------------
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
foreach(folder jobs postprocess src src/store tests tests/bench)
  install(FILES ${folder}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder})
endforeach()
install(DIRECTORY postprocess/images DESTINATION ${CMAKE_INSTALL_DOCDIR}/postprocess)

# ---- the core, as a library ------------------------------------------------------------------------
install(TARGETS lcmpi_core EXPORT lcmpi ARCHIVE INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${core_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lcmpi)
install(EXPORT lcmpi FILE lcmpiTargets.cmake NAMESPACE lcmpi:: DESTINATION ${config_folder})
configure_package_config_file(src/install/lcmpiConfig.cmake.in ${generated}/lcmpiConfig.cmake
                              INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(${generated}/lcmpiConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${generated}/lcmpiConfig.cmake ${generated}/lcmpiConfigVersion.cmake
        DESTINATION ${config_folder})
between(prefix ${pkgconfig_folder} .)
between(libdir . ${CMAKE_INSTALL_LIBDIR})
between(includedir . ${CMAKE_INSTALL_INCLUDEDIR})
configure_file(src/install/lcmpi.pc.in ${generated}/lcmpi.pc @ONLY)
install(FILES ${generated}/lcmpi.pc DESTINATION ${pkgconfig_folder})
