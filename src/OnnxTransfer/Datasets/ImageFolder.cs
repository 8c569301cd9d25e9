namespace OnnxTransfer.Datasets;

/// <summary>
/// A folder of images. Sub-folders are classes; a folder with a <c>train</c> folder keeps its own splits
/// (<c>train</c>, <c>val</c> or <c>validation</c>, <c>test</c>), each with its class folders; a folder of images alone
/// has no labels and can only be embedded. Items are in ordinal order of their paths.
/// </summary>
public static class ImageFolder
{
    private static readonly HashSet<string> Extensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jxl",
    };

    private static readonly (string Folder, Split Split)[] SplitFolders =
    [
        ("train", Split.Train), ("val", Split.Validation), ("valid", Split.Validation), ("validation", Split.Validation), ("test", Split.Test),
    ];

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Endings = Extensions.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>True when the file's name ends like an image's.</summary>
    public static bool IsImageName(string path) => IsImageEnding(Path.GetExtension(path.AsSpan()));

    /// <summary>Opens the images below <paramref name="path"/>.</summary>
    /// <exception cref="DatasetException">No such folder, no images in it, or a class of val or test that train lacks.</exception>
    public static Dataset Open(string path)
    {
        var root = Path.GetFullPath(path);
        if (!Directory.Exists(root))
        {
            throw new DatasetException($"{path}: no such folder; expected a folder of images");
        }

        var walk = new FolderWalk();
        var top = FolderListing.Of(root);
        var folders = walk.Folders(top);
        var splits = folders
            .SelectMany(folder => SplitFolders
                .Where(entry => entry.Folder.Equals(Path.GetFileName(folder), StringComparison.OrdinalIgnoreCase))
                .Select(entry => (Folder: folder, entry.Split)))
            .OrderBy(entry => entry.Split)
            .ToArray();
        var hasOwnSplits = splits.Any(entry => entry.Split == Split.Train);
        foreach (var folder in hasOwnSplits ? folders.Except(splits.Select(entry => entry.Folder)) : [])
        {
            walk.Note($"{folder}: not read; beside train only val, validation and test are");
        }

        ImageGroup[] found = hasOwnSplits
            ? [.. splits.SelectMany(entry => Read(walk, FolderListing.Of(entry.Folder), null, entry.Split))]
            : [.. Read(walk, top, folders, Split.Train)];
        if (found.Length == 0)
        {
            throw new DatasetException(
                $"{path}: no images found ({walk.Summary()}); expected files such as .jpg or .png in class sub-folders");
        }

        RefuseLoose(path, found);
        var classes = found.Select(group => group.Class).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToArray();
        RefuseUnknownClasses(path, found);
        var index = classes.Select((name, i) => (name, i)).ToDictionary(pair => pair.name, pair => pair.i, StringComparer.Ordinal);
        return new Dataset
        {
            Source = root,
            Classes = classes,
            HasOwnSplits = classes.Length > 0 && hasOwnSplits && splits.Any(entry => entry.Split == Split.Test),
            Items = Items(found, index),
            Notes = walk.Notes(),
        };
    }

    /// <summary>
    /// The named files and the images in the named folders, in the given order, without labels. A file that is not there
    /// fails when it is read, like any other that is no image.
    /// </summary>
    /// <exception cref="DatasetException">Only folders were named, and none holds an image.</exception>
    public static Dataset OpenFiles(IReadOnlyList<string> paths)
    {
        var walk = new FolderWalk();
        var items = new List<DatasetItem>();
        foreach (var path in paths)
        {
            if (Directory.Exists(path))
            {
                items.AddRange(walk.Images(Path.GetFullPath(path)).SelectMany(listing => Items(listing, Split.Train, -1)));
            }
            else
            {
                items.Add(new DatasetItem { Images = [new ImageSource(Path.GetFullPath(path))] });
            }
        }

        if (items.Count == 0)
        {
            throw new DatasetException($"{string.Join(", ", paths)}: no images found ({walk.Summary()})");
        }

        return new Dataset
        {
            Source = string.Join(", ", paths.Take(3)) + (paths.Count > 3 ? ", ..." : ""),
            Items = items,
            Notes = walk.Notes(),
        };
    }

    /// <summary>True for an image's ending, with its dot.</summary>
    internal static bool IsImageEnding(ReadOnlySpan<char> ending) => Endings.Contains(ending);

    private static IEnumerable<ImageGroup> Read(FolderWalk walk, FolderListing listing, IReadOnlyList<string>? classFolders, Split split)
    {
        walk.CountOthers(listing);
        if (listing.Images.Length > 0)
        {
            yield return new ImageGroup(listing, null, split);
        }

        foreach (var classFolder in classFolders ?? walk.Folders(listing))
        {
            var isEmpty = true;
            foreach (var images in walk.Images(classFolder))
            {
                isEmpty = false;
                yield return new ImageGroup(images, Path.GetFileName(classFolder), split);
            }

            if (isEmpty)
            {
                walk.Note($"{classFolder}: passed over, there are no images in it");
            }
        }
    }

    private static DatasetItem[] Items(ImageGroup[] groups, Dictionary<string, int> index)
    {
        var (items, next) = (new DatasetItem[groups.Sum(group => group.Listing.Images.Length)], 0);
        foreach (var group in groups)
        {
            foreach (var item in Items(group.Listing, group.Split, group.Class is null ? -1 : index[group.Class]))
            {
                items[next++] = item;
            }
        }

        return items;
    }

    private static IEnumerable<DatasetItem> Items(FolderListing listing, Split split, int label) => listing.Images.Select(name =>
        new DatasetItem { Images = [new ImageSource(listing.Folder, name)], Split = split, Label = label });

    // Images beside class folders: a label is missing, and guessing one would be wrong. Images alone: nothing is labelled.
    private static void RefuseLoose(string path, ImageGroup[] found)
    {
        if (Array.Find(found, group => group.Class is null) is { } loose && Array.Exists(found, group => group.Class is not null))
        {
            throw new DatasetException(
                $"{path}: {loose.First} lies beside class folders and so has no class; move it into one of them or elsewhere");
        }
    }

    private static void RefuseUnknownClasses(string path, ImageGroup[] found)
    {
        var known = found.Where(group => group.Split == Split.Train).Select(group => group.Class).ToHashSet();
        if (Array.Find(found, group => !known.Contains(group.Class)) is { Class: not null } unknown)
        {
            throw new DatasetException(
                $"{path}: class '{unknown.Class}' of {unknown.First} does not occur in train; expected one of: {string.Join(", ", known.Order())}");
        }
    }

    /// <summary>The images of one folder, which are of one class, or of none, and of one split.</summary>
    private sealed record ImageGroup(FolderListing Listing, string? Class, Split Split)
    {
        public string First => Path.Join(Listing.Folder, Listing.Images[0]);
    }
}
