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

    /// <summary>True when the file's name ends like an image's.</summary>
    public static bool IsImageName(string path) => Extensions.Contains(Path.GetExtension(path));

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
        var folders = walk.Folders(root);
        var splits = folders
            .SelectMany(folder => SplitFolders
                .Where(entry => entry.Folder.Equals(Path.GetFileName(folder), StringComparison.OrdinalIgnoreCase))
                .Select(entry => (Folder: folder, entry.Split)))
            .OrderBy(entry => entry.Split)
            .ToArray();
        var hasOwnSplits = splits.Any(entry => entry.Split == Split.Train);
        if (!hasOwnSplits)
        {
            splits = [(root, Split.Train)];
        }

        foreach (var folder in hasOwnSplits ? folders.Except(splits.Select(entry => entry.Folder)) : [])
        {
            walk.Note($"{folder}: not read; beside train only val, validation and test are");
        }

        var found = splits.SelectMany(entry => Read(walk, entry.Folder, entry.Split)).ToArray();
        if (found.Length == 0)
        {
            throw new DatasetException(
                $"{path}: no images found ({walk.Summary()}); expected files such as .jpg or .png in class sub-folders");
        }

        if (found.Any(image => image.Class is null))
        {
            return Unlabelled(root, found, walk, path);
        }

        var classes = found.Select(image => image.Class!).Distinct().Order(StringComparer.Ordinal).ToArray();
        RefuseUnknownClasses(path, found);
        var index = classes.Select((name, i) => (name, i)).ToDictionary(pair => pair.name, pair => pair.i, StringComparer.Ordinal);
        return new Dataset
        {
            Source = root,
            Classes = classes,
            HasOwnSplits = hasOwnSplits && splits.Any(entry => entry.Split == Split.Test),
            Items = [.. found.Select(image => new DatasetItem
            {
                Images = [new ImageSource(image.Path)],
                Split = image.Split,
                Label = index[image.Class!],
            })],
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
        var files = new List<string>();
        foreach (var path in paths)
        {
            if (Directory.Exists(path))
            {
                files.AddRange(walk.Images(Path.GetFullPath(path)));
            }
            else
            {
                files.Add(Path.GetFullPath(path));
            }
        }

        if (files.Count == 0)
        {
            throw new DatasetException($"{string.Join(", ", paths)}: no images found ({walk.Summary()})");
        }

        return new Dataset
        {
            Source = string.Join(", ", paths.Take(3)) + (paths.Count > 3 ? ", ..." : ""),
            Items = [.. files.Select(file => new DatasetItem { Images = [new ImageSource(file)] })],
            Notes = walk.Notes(),
        };
    }

    private static IEnumerable<(string Path, string? Class, Split Split)> Read(FolderWalk walk, string folder, Split split)
    {
        var classFolders = walk.Folders(folder);
        foreach (var file in walk.ImagesDirectlyIn(folder))
        {
            yield return (file, null, split);
        }

        foreach (var classFolder in classFolders)
        {
            foreach (var file in walk.Images(classFolder))
            {
                yield return (file, Path.GetFileName(classFolder), split);
            }
        }
    }

    // Images beside class folders: a label is missing, and guessing one would be wrong. Images alone: nothing is labelled.
    private static Dataset Unlabelled(string root, (string Path, string? Class, Split Split)[] found, FolderWalk walk, string path)
    {
        var loose = found.First(image => image.Class is null).Path;
        if (found.Any(image => image.Class is not null))
        {
            throw new DatasetException(
                $"{path}: {loose} lies beside class folders and so has no class; move it into one of them or elsewhere");
        }

        return new Dataset
        {
            Source = root,
            Items = [.. found.Select(image => new DatasetItem { Images = [new ImageSource(image.Path)], Split = image.Split })],
            Notes = walk.Notes(),
        };
    }

    private static void RefuseUnknownClasses(string path, (string Path, string? Class, Split Split)[] found)
    {
        var known = found.Where(image => image.Split == Split.Train).Select(image => image.Class).ToHashSet();
        foreach (var image in found.Where(image => !known.Contains(image.Class)))
        {
            throw new DatasetException(
                $"{path}: class '{image.Class}' of {image.Path} does not occur in train; expected one of: {string.Join(", ", known.Order())}");
        }
    }
}
