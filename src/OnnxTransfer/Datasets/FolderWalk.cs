namespace OnnxTransfer.Datasets;

/// <summary>
/// Walks folders in ordinal order. Symbolic links are followed, but never back into a folder that is being read, so that
/// a loop of links ends. Hidden files and files without an image's ending are passed over and counted.
/// </summary>
internal sealed class FolderWalk
{
    private readonly SortedDictionary<string, int> _passedOver = new(StringComparer.Ordinal);
    private readonly List<string> _notes = [];

    /// <summary>The folders in a folder that lead on, absolute.</summary>
    public IReadOnlyList<string> Folders(FolderListing listing) =>
        [.. listing.Folders.Select(name => Path.Join(listing.Folder, name)).Where(path => !LeadsBack(path))];

    /// <summary>The listings of a folder and of all below it that hold images, in ordinal order.</summary>
    public IEnumerable<FolderListing> Images(string folder)
    {
        var listing = FolderListing.Of(folder);
        CountOthers(listing);
        if (listing.Images.Length > 0)
        {
            yield return listing;
        }

        foreach (var below in Folders(listing).SelectMany(Images))
        {
            yield return below;
        }
    }

    /// <summary>Counts the files of a listing that are no images among those passed over.</summary>
    public void CountOthers(FolderListing listing)
    {
        foreach (var (ending, count) in listing.Others)
        {
            _passedOver[ending] = _passedOver.GetValueOrDefault(ending) + count;
        }
    }

    public void Note(string note) => _notes.Add(note);

    public IReadOnlyList<string> Notes() =>
        _passedOver.Count == 0 ? [.. _notes] : [.. _notes, $"{_passedOver.Values.Sum()} files without an image's ending passed over ({Summary()})"];

    public string Summary() => _passedOver.Count == 0
        ? "it is empty"
        : string.Join(", ", _passedOver.Select(pair => $"{pair.Value} {(pair.Key.Length == 0 ? "without ending" : pair.Key)}"));

    // A link is a loop when its final target is one of the folders above it.
    private bool LeadsBack(string folder)
    {
        if (!new FileInfo(folder).Attributes.HasFlag(FileAttributes.ReparsePoint))
        {
            return false;
        }

        string? target;
        try
        {
            target = Directory.ResolveLinkTarget(folder, returnFinalTarget: true)?.FullName;
        }
        catch (IOException)
        {
            target = null;
        }

        var loop = target is null || (Path.GetDirectoryName(folder) + Path.DirectorySeparatorChar)
            .StartsWith(Path.TrimEndingDirectorySeparator(target) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
        if (loop)
        {
            _notes.Add($"{folder}: symbolic link not followed, it leads back to {target ?? "itself"}");
        }

        return loop;
    }
}
