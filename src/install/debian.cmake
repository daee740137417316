# What Debian wants of a package, done to the tree that cpack is about to pack: names and forms of texts,
# and no search path for libraries, since those of Debian are found without one.
if(NOT CPACK_GENERATOR STREQUAL DEB)
  return()
endif()
set(tree ${CPACK_TEMPORARY_DIRECTORY}${CPACK_PACKAGING_INSTALL_PREFIX})
set(doc ${tree}/share/doc/lcmpi)
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(RENAME ${doc}/LICENSE ${doc}/copyright)
file(WRITE ${doc}/changelog
     "lcmpi (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n  * Packed by cpack.\n\n"
     " -- ${CPACK_PACKAGE_CONTACT}  ${now}\n")
execute_process(COMMAND gzip -9n ${doc}/changelog ${tree}/share/man/man1/lcmpi.1 COMMAND_ERROR_IS_FATAL ANY)
file(RPATH_REMOVE FILE ${tree}/bin/lcmpi)
