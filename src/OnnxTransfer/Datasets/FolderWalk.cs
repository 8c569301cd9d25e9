namespace OnnxTransfer.Datasets;

/// <summary>
/// Walks folders in ordinal order. Symbolic links are followed, but never back into a folder that is being read, so that
/// a loop of links ends. Hidden files and files without an image's ending are passed over and counted.
/// </summary>
internal sealed class FolderWalk
{
    private readonly SortedDictionary<string, int> _passedOver = new(StringComparer.Ordinal);
    private readonly List<string> _notes = [];

    public IReadOnlyList<string> Folders(string folder) =>
        [.. Enumerate(folder, Directory.EnumerateDirectories).Where(path => !IsHidden(path) && !LeadsBack(path))];

    public IEnumerable<string> ImagesDirectlyIn(string folder)
    {
        foreach (var file in Enumerate(folder, Directory.EnumerateFiles))
        {
            if (IsHidden(file))
            {
                continue;
            }

            if (ImageFolder.IsImageName(file))
            {
                yield return file;
            }
            else
            {
                var ending = Path.GetExtension(file).ToLowerInvariant();
                _passedOver[ending] = _passedOver.GetValueOrDefault(ending) + 1;
            }
        }
    }

    public IEnumerable<string> Images(string folder)
    {
        foreach (var file in ImagesDirectlyIn(folder))
        {
            yield return file;
        }

        foreach (var file in Folders(folder).SelectMany(Images))
        {
            yield return file;
        }
    }

    public void Note(string note) => _notes.Add(note);

    public IReadOnlyList<string> Notes() =>
        _passedOver.Count == 0 ? [.. _notes] : [.. _notes, $"{_passedOver.Values.Sum()} files without an image's ending passed over ({Summary()})"];

    public string Summary() => _passedOver.Count == 0
        ? "it is empty"
        : string.Join(", ", _passedOver.Select(pair => $"{pair.Value} {(pair.Key.Length == 0 ? "without ending" : pair.Key)}"));

    private static bool IsHidden(string path) => Path.GetFileName(path).StartsWith('.');

    private static IEnumerable<string> Enumerate(string folder, Func<string, IEnumerable<string>> list)
    {
        try
        {
            return list(folder).Order(StringComparer.Ordinal).ToArray();
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            throw new DatasetException($"{folder}: cannot be listed ({error.Message}); allow reading it, or move it out of the data set", error);
        }
    }

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
