namespace OnnxTransfer.Embeddings;

/// <summary>
/// Files that are there whole or not at all: written beside their place under a temporary name, flushed to the disk,
/// then renamed.
/// </summary>
internal static class AtomicFile
{
    /// <summary>The ending of files in the making; one that is left over belongs to a run that was killed.</summary>
    public const string TemporaryEnding = ".tmp";

    /// <summary>Writes <paramref name="path"/> through <paramref name="write"/>.</summary>
    /// <exception cref="CacheException">The disk is full, or the folder may not be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}{TemporaryEnding}";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error)
        {
            TryDelete(temporary);
            if (error is IOException or UnauthorizedAccessException)
            {
                throw new CacheException(
                    $"{path}: cannot be written ({error.Message}); free space or allow writing there, then run again: what was finished before is kept", error);
            }

            throw;
        }
    }

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
