using System.IO.Enumeration;

namespace OnnxTransfer.Datasets;

/// <summary>
/// What one folder holds, from one pass over it: names of images and of folders in ordinal order, and how many other files
/// of each ending. Hidden files and folders are left out.
/// </summary>
internal sealed class FolderListing
{
    // Nothing is skipped but what IsHidden says, and what cannot be listed is an error.
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    private FolderListing(string folder) => Folder = folder;

    /// <summary>The folder, absolute.</summary>
    public string Folder { get; }

    public string[] Images { get; private init; } = [];

    public string[] Folders { get; private init; } = [];

    /// <summary>Files that are no images, by ending in lower case.</summary>
    public IReadOnlyDictionary<string, int> Others { get; private init; } = new Dictionary<string, int>();

    /// <exception cref="DatasetException">The folder cannot be listed.</exception>
    public static FolderListing Of(string folder)
    {
        var others = new Dictionary<string, int>(StringComparer.Ordinal);
        var (images, folders) = (new List<string>(), new List<string>());
        var entries = new FileSystemEnumerable<(string Name, bool IsFolder)>(folder, (ref entry) => (entry.FileName.ToString(), entry.IsDirectory), Everything)
        {
            ShouldIncludePredicate = (ref entry) => !entry.FileName.StartsWith('.') && (entry.IsDirectory || IsImage(ref entry, others)),
        };
        try
        {
            foreach (var (name, isFolder) in entries)
            {
                (isFolder ? folders : images).Add(name);
            }
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            throw new DatasetException($"{folder}: cannot be listed ({error.Message}); allow reading it, or move it out of the data set", error);
        }

        images.Sort(StringComparer.Ordinal);
        folders.Sort(StringComparer.Ordinal);
        return new FolderListing(folder) { Images = [.. images], Folders = [.. folders], Others = others };
    }

    private static bool IsImage(ref FileSystemEntry entry, Dictionary<string, int> others)
    {
        var ending = Path.GetExtension(entry.FileName);
        if (ImageFolder.IsImageEnding(ending))
        {
            return true;
        }

        var other = ending.ToString().ToLowerInvariant();
        others[other] = others.GetValueOrDefault(other) + 1;
        return false;
    }
}
