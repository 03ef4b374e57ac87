/*
 * preload.c
 *	  Loaded into a server before the address sanitizer.
 *
 * The sanitizer calls dlerror() while libraries are being initialized, and glibc
 * 2.36 then leaves the lock of its translations taken: the server would wait for
 * itself.  Nobody needs the words of dlerror() here.
 */
char *dlerror(void);

char *
dlerror(void)
{
	return 0;
}
