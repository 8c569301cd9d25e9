using System.Text.Json;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// A folder of embeddings found again by content; its format stands in FORMAT.md beside this file. Many threads and many
/// processes may use one folder at once.
/// </summary>
public sealed class EmbeddingCache : IDisposable
{
    internal const string MarkerName = "onnxtransfer-cache.json";
    internal const string IdentityName = "space.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly Lock _lock = new();
    private readonly Dictionary<string, EmbeddingSpace> _spaces = new(StringComparer.Ordinal);

    private EmbeddingCache(string folder)
    {
        Folder = folder;
        Memo = new FileMemo(Path.Combine(folder, "memo"));
    }

    /// <summary>The cache's folder, absolute.</summary>
    public string Folder { get; }

    internal FileMemo Memo { get; }

    /// <summary>Opens the cache at <paramref name="folder"/> and makes it where there is none.</summary>
    /// <exception cref="CacheException">The folder cannot be written, holds other files, or a newer format.</exception>
    public static EmbeddingCache Open(string folder)
    {
        var full = Path.GetFullPath(folder);
        try
        {
            Directory.CreateDirectory(full);
            Mark(full);
            Directory.CreateDirectory(Path.Combine(full, "memo"));
            Directory.CreateDirectory(SpacesOf(full));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CacheException($"{folder}: cannot be used as a cache ({error.Message}); choose a folder that can be written", error);
        }

        return new EmbeddingCache(full);
    }

    /// <summary>Opens a cache that must exist.</summary>
    /// <exception cref="CacheException">There is no cache at <paramref name="folder"/>.</exception>
    public static EmbeddingCache OpenExisting(string folder) => Open(FolderOf(folder));

    /// <summary>The space for <paramref name="identity"/>, made where it is not there yet. Owned by the cache.</summary>
    public EmbeddingSpace Space(SpaceIdentity identity)
    {
        lock (_lock)
        {
            var id = identity.Id();
            if (_spaces.TryGetValue(id, out var open))
            {
                return open;
            }

            var folder = Path.Combine(SpacesOf(Folder), id);
            try
            {
                Directory.CreateDirectory(EmbeddingSpace.PartsOf(folder));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new CacheException($"{folder}: cannot be made ({error.Message}); allow writing in the cache folder", error);
            }

            if (!File.Exists(Path.Combine(folder, IdentityName)))
            {
                AtomicFile.Write(Path.Combine(folder, IdentityName), stream => JsonSerializer.Serialize(stream, identity, Json));
            }

            return _spaces[id] = new EmbeddingSpace(folder, identity);
        }
    }

    /// <summary>Every space in the folder, in the order of their names.</summary>
    public IReadOnlyList<EmbeddingSpace> Spaces() => [.. SpaceFolders(Folder)
        .Select(folder => ReadIdentity(folder))
        .OfType<SpaceIdentity>()
        .Select(Space)];

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var space in _spaces.Values)
            {
                space.Dispose();
            }

            _spaces.Clear();
        }
    }

    /// <summary>The absolute path of a folder that must be a cache.</summary>
    internal static string FolderOf(string folder) => File.Exists(Path.Combine(folder, MarkerName))
        ? Path.GetFullPath(folder)
        : throw new CacheException($"{folder}: no embedding cache here; expected a folder with {MarkerName}, as embed and train make it");

    internal static IEnumerable<string> SpaceFolders(string cacheFolder) =>
        Directory.EnumerateDirectories(SpacesOf(cacheFolder)).Order(StringComparer.Ordinal);

    /// <summary>What a space's folder says of itself; null where that is missing or damaged.</summary>
    internal static SpaceIdentity? ReadIdentity(string spaceFolder)
    {
        try
        {
            return JsonSerializer.Deserialize<SpaceIdentity>(File.ReadAllBytes(Path.Combine(spaceFolder, IdentityName)), Json);
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            return null;
        }
    }

    private static string SpacesOf(string cacheFolder) => Path.Combine(cacheFolder, "spaces");

    // The marker keeps a folder of photos from being taken for a cache, and prune from deleting in it.
    private static void Mark(string folder)
    {
        var marker = Path.Combine(folder, MarkerName);
        if (!File.Exists(marker))
        {
            var foreign = Directory.EnumerateFileSystemEntries(folder)
                .FirstOrDefault(path => !Path.GetFileName(path).StartsWith(MarkerName, StringComparison.Ordinal));
            if (foreign is not null && !File.Exists(marker))
            {
                throw new CacheException(
                    $"{folder}: holds other files ({Path.GetFileName(foreign)}) and is no embedding cache; name an empty or a new folder");
            }

            AtomicFile.Write(marker, stream => stream.Write("{ \"format\": 1 }\n"u8));
        }

        var text = File.ReadAllText(marker);
        if (!text.Contains("\"format\": 1 ", StringComparison.Ordinal))
        {
            throw new CacheException($"{marker}: {text.Trim()}; this version reads format 1: use the version that wrote it, or another folder");
        }
    }
}
