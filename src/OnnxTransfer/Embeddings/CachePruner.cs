namespace OnnxTransfer.Embeddings;

/// <summary>What pruning removed.</summary>
/// <param name="Files">Files deleted.</param>
/// <param name="Bytes">Bytes freed.</param>
/// <param name="Spaces">Spaces deleted whole.</param>
/// <param name="DamagedParts">Damaged parts deleted; their images will be embedded again.</param>
public sealed record CachePruning(int Files, long Bytes, int Spaces, int DamagedParts);

/// <summary>Removes from a cache what is not needed. Not to be run while other runs write to the same cache.</summary>
public static class CachePruner
{
    /// <summary>What the names of checkpoints end in.</summary>
    internal const string CheckpointEnding = ".checkpoint";

    /// <summary>The files that trainings which were interrupted go on from, if they are started again.</summary>
    /// <exception cref="CacheException">No cache.</exception>
    public static IReadOnlyList<string> Checkpoints(string folder) =>
        [.. Directory.EnumerateFiles(EmbeddingCache.FolderOf(folder), $"*{CheckpointEnding}", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Removes files that killed runs left over; with <paramref name="damaged"/> also parts that do not verify, with
    /// <paramref name="spaces"/> the spaces whose id begins with one of these, and with <paramref name="checkpoints"/> what interrupted
    /// trainings would go on from.
    /// </summary>
    /// <exception cref="CacheException">No cache, or an id that no space or more than one has.</exception>
    public static CachePruning Prune(string folder, bool damaged = false, IReadOnlyList<string>? spaces = null, bool checkpoints = false)
    {
        var root = EmbeddingCache.FolderOf(folder);
        var doomed = new HashSet<string>(StringComparer.Ordinal);
        var chosen = (spaces ?? []).Select(id => FolderOf(root, id)).ToHashSet(StringComparer.Ordinal);
        doomed.UnionWith(chosen.SelectMany(space => Directory.EnumerateFiles(space, "*", SearchOption.AllDirectories)));
        doomed.UnionWith(CacheVerifier.Leftovers(root));
        doomed.UnionWith(checkpoints ? Checkpoints(folder) : []);
        var damagedParts = damaged ? DamagedParts(root).ToArray() : [];
        doomed.UnionWith(damagedParts.SelectMany(part => new[] { part.Record, part.Keys, part.Values }).Where(File.Exists));
        var bytes = doomed.Sum(path => new FileInfo(path).Length);

        // Records go first: a part without its record does not exist, whatever happens in between.
        foreach (var path in doomed.OrderBy(path => !path.EndsWith(PartPaths.RecordEnding, StringComparison.Ordinal)))
        {
            File.Delete(path);
        }

        foreach (var space in chosen)
        {
            Directory.Delete(space, recursive: true);
        }

        return new CachePruning(doomed.Count, bytes, chosen.Count, damagedParts.Length);
    }

    private static IEnumerable<PartPaths> DamagedParts(string root) =>
        from space in EmbeddingCache.SpaceFolders(root)
        let identity = EmbeddingCache.ReadIdentity(space)
        from part in PartPaths.Visible(EmbeddingSpace.PartsOf(space))
        where identity is null || CacheVerifier.FaultOf(part, identity.Width) is not null
        select part;

    private static string FolderOf(string root, string id)
    {
        var matches = EmbeddingCache.SpaceFolders(root).Where(path => Path.GetFileName(path).StartsWith(id, StringComparison.Ordinal)).ToArray();
        return matches.Length == 1
            ? matches[0]
            : throw new CacheException($"{root}: {(matches.Length == 0 ? "no space" : $"{matches.Length} spaces")} whose id begins with '{id}'; cache info lists them");
    }
}
