namespace OnnxTransfer.Datasets;

/// <summary>Finds out what a path is - a manifest, idx files, CIFAR binaries, a folder of images - and opens it.</summary>
public static class DatasetReader
{
    /// <summary>Opens the data set at <paramref name="path"/>.</summary>
    /// <param name="path">A .csv or .tsv manifest, or a folder of images, idx files or CIFAR binaries.</param>
    /// <param name="columns">Column names of a manifest; null: the usual ones.</param>
    /// <param name="classNames">Names for the classes of idx files, in label order; null: the digits.</param>
    /// <exception cref="DatasetException">Nothing there can be read as a data set.</exception>
    public static Dataset Open(string path, ManifestColumns? columns = null, IReadOnlyList<string>? classNames = null)
    {
        if (File.Exists(path))
        {
            return OpenFile(path, columns, classNames);
        }

        if (!Directory.Exists(path))
        {
            throw new DatasetException(
                $"{path}: no such file or folder; expected a folder of images, a .csv/.tsv manifest, idx files or CIFAR binaries");
        }

        Refuse(columns is not null, path, "a folder", "Column names", "a .csv or .tsv manifest");
        if (IdxFiles.Has(path))
        {
            return IdxFiles.Open(path, classNames);
        }

        Refuse(classNames is not null, path, "not a folder of idx files", "Class names", "idx files");
        return CifarFiles.Has(path) ? CifarFiles.Open(path) : ImageFolder.Open(path);
    }

    private static Dataset OpenFile(string path, ManifestColumns? columns, IReadOnlyList<string>? classNames)
    {
        Refuse(classNames is not null, path, "a file", "Class names", "a folder of idx files");
        if (Path.GetExtension(path).ToUpperInvariant() is ".CSV" or ".TSV")
        {
            return Manifest.Open(path, columns ?? new ManifestColumns());
        }

        Refuse(columns is not null, path, "neither .csv nor .tsv", "Column names", "a .csv or .tsv manifest");
        if (ImageFolder.IsImageName(path))
        {
            return ImageFolder.OpenFiles([path]);
        }

        throw new DatasetException(
            $"{path}: a file that is neither a .csv/.tsv manifest nor an image; idx files and CIFAR binaries are opened by their folder");
    }

    // An option that would be ignored is an error: the user expects it to do something.
    private static void Refuse(bool given, string path, string found, string what, string where)
    {
        if (given)
        {
            throw new DatasetException($"{path} is {found}: {what} are for {where}; leave them out");
        }
    }
}
