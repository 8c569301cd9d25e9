using System.IO.Compression;
using OnnxTransfer.Datasets;

namespace OnnxTransfer.Tests.Datasets;

public sealed class RawDatasetTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Idx_files_give_labels_splits_and_pixels_in_any_order(bool gzipped)
    {
        WriteIdx("train", 300, gzipped);
        WriteIdx("t10k", 5, gzipped);

        var dataset = DatasetReader.Open(_folder.Path);

        Assert.Equal(305, dataset.Items.Count);
        Assert.Equal(5, dataset.Of(Split.Test).Items.Count);
        Assert.Equal(["0", "1", "2"], dataset.Classes);
        using var reader = new ImageBytes();
        var buffer = Array.Empty<byte>();
        foreach (var i in new[] { 0, 299, 3, 150, 304, 1 })
        {
            var pixels = reader.Read(dataset.Items[i].Images[0], ref buffer);
            Assert.Equal(2 * 3, pixels.Length);
            Assert.All(pixels.ToArray(), value => Assert.Equal((byte)(i < 300 ? i : i - 300), value));
        }
    }

    [Fact]
    public void A_reader_that_jumps_far_back_in_a_gzipped_file_reads_the_same()
    {
        var bytes = new byte[5 << 20];
        new Random(1).NextBytes(bytes);
        var path = _folder["big.gz"];
        using (var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        using var file = new RawFile(path);
        foreach (var offset in new[] { 0, 4 << 20, 100, (4 << 20) + 5, 3 << 20, (5 << 20) - 64 })
        {
            var got = new byte[64];
            file.Read(offset, got);
            Assert.Equal(bytes.AsSpan(offset, 64).ToArray(), got);
        }
    }

    [Fact]
    public void Labels_of_another_count_are_an_error()
    {
        WriteIdx("train", 3, gzipped: false);
        File.WriteAllBytes(_folder["train-labels-idx1-ubyte"], [0, 0, 8, 1, 0, 0, 0, 1, 7]);

        var error = Assert.Throws<DatasetException>(() => IdxFiles.Open(_folder.Path));

        Assert.Equal(
            $"{_folder["train-labels-idx1-ubyte"]}: 1 labels for 3 images of {_folder["train-images-idx3-ubyte"]}; the two files do not belong together",
            error.Message);
    }

    [Fact]
    public void Idx_images_cut_short_are_told_when_read()
    {
        WriteIdx("train", 3, gzipped: false);
        var path = _folder["train-images-idx3-ubyte"];
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^4]);
        var last = IdxFiles.Open(_folder.Path).Items[2].Images[0];
        using var reader = new ImageBytes();
        var buffer = Array.Empty<byte>();

        var error = Assert.Throws<DatasetException>(() => reader.Read(last, ref buffer).Length);

        Assert.Equal($"{path}: ends after 30 bytes, earlier than its header says; fetch the file again", error.Message);
    }

    [Fact]
    public void Cifar_10_binaries_are_read()
    {
        for (var batch = 1; batch <= 5; batch++)
        {
            File.WriteAllBytes(_folder[$"data_batch_{batch}.bin"], CifarRecord((byte)batch, labels: 1));
        }

        File.WriteAllBytes(_folder["test_batch.bin"], CifarRecord(9, labels: 1));
        File.WriteAllText(_folder["batches.meta.txt"], "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");

        var dataset = DatasetReader.Open(_folder.Path);

        Assert.Equal([1, 2, 3, 4, 5, 9], dataset.Items.Select(item => item.Label));
        Assert.Equal("truck", dataset.Classes[9]);
        Assert.Equal(Split.Test, dataset.Items[5].Split);
        using var reader = new ImageBytes();
        var buffer = Array.Empty<byte>();
        Assert.Equal(CifarRecord(9, labels: 1)[1..], reader.Read(dataset.Items[5].Images[0], ref buffer).ToArray());
    }

    [Fact]
    public void Cifar_100_binaries_are_read_by_their_fine_labels()
    {
        File.WriteAllBytes(_folder["train.bin"], [.. CifarRecord(3, labels: 2), .. CifarRecord(1, labels: 2)]);
        File.WriteAllBytes(_folder["test.bin"], CifarRecord(0, labels: 2));

        Assert.Equal([3, 1, 0], DatasetReader.Open(_folder.Path).Items.Select(item => item.Label));
    }

    [Fact]
    public void A_cifar_record_cut_short_is_an_error()
    {
        File.WriteAllBytes(_folder["train.bin"], CifarRecord(3, labels: 2)[..100]);
        File.WriteAllBytes(_folder["test.bin"], CifarRecord(0, labels: 2));

        var error = Assert.Throws<DatasetException>(() => CifarFiles.Open(_folder.Path));

        Assert.Equal($"{_folder["train.bin"]}: its last record is cut short, 100 bytes of 3074; fetch the file again", error.Message);
    }

    private static byte[] CifarRecord(byte label, int labels)
    {
        var record = new byte[labels + 3072];
        record.AsSpan(labels).Fill((byte)(label * 7));
        record[labels - 1] = label;
        return record;
    }

    // Image i is 2 x 3 pixels of value i, label i % 3.
    private void WriteIdx(string stem, int count, bool gzipped)
    {
        byte[] images = [0, 0, 8, 3, .. BigEndian(count), 0, 0, 0, 2, 0, 0, 0, 3, .. Enumerable.Range(0, count * 6).Select(i => (byte)(i / 6))];
        byte[] labels = [0, 0, 8, 1, .. BigEndian(count), .. Enumerable.Range(0, count).Select(i => (byte)(i % 3))];
        Write($"{stem}-images-idx3-ubyte", images);
        Write($"{stem}-labels-idx1-ubyte", labels);

        static byte[] BigEndian(int value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

        void Write(string name, byte[] bytes)
        {
            using Stream file = File.Create(_folder[gzipped ? name + ".gz" : name]);
            using var target = gzipped ? new GZipStream(file, CompressionLevel.Fastest) : file;
            target.Write(bytes);
        }
    }
}
