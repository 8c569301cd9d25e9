namespace OnnxTransfer.Embeddings;

/// <summary>
/// Files that are there whole or not at all: written beside their place under a temporary name, flushed to the disk,
/// then renamed.
/// </summary>
internal static class AtomicFile
{
    /// <summary>The ending of files in the making; one that is left over belongs to a run that was killed.</summary>
    public const string TemporaryEnding = ".tmp";

    /// <summary>A name beside <paramref name="path"/> that nobody else uses.</summary>
    public static string TemporaryFor(string path) => $"{path}.{Guid.NewGuid():N}{TemporaryEnding}";

    /// <summary>Writes <paramref name="path"/> through <paramref name="write"/>.</summary>
    /// <exception cref="CacheException">The disk is full, or the folder may not be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var temporary = TemporaryFor(path);
        try
        {
            Guard(path, () =>
            {
                using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
                {
                    write(stream);
                    stream.Flush(flushToDisk: true);
                }

                File.Move(temporary, path, overwrite: true);
            });
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    /// <summary>Runs <paramref name="write"/> and turns the disk's faults into messages with a cure.</summary>
    public static void Guard(string path, Action write) => Guard(path, () =>
    {
        write();
        return 0;
    });

    /// <inheritdoc cref="Guard(string, Action)"/>
    public static T Guard<T>(string path, Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception error) when (IsFault(error))
        {
            throw CannotBeWritten(path, error);
        }
    }

    /// <summary>
    /// True for what a disk can do to a writer: full, forbidden, gone, or (which .NET tells as an argument out of range) a
    /// file larger than the file system or a quota allows.
    /// </summary>
    public static bool IsFault(Exception error) => error is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException;

    public static CacheException CannotBeWritten(string path, Exception error) => new(
        $"{path}: cannot be written ({error.Message}); free space or allow writing there, then run again: what was finished before is kept", error);

    /// <summary>Deletes a file whose absence is as good.</summary>
    public static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A left-over temporary file does no harm: nothing reads it, and prune removes it.
        }
    }
}
