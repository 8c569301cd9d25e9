using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Tests.Embeddings;

public sealed class FileMemoTests : IDisposable
{
    private readonly TempFolder _folder = new TempFolder().With("a.jpg", "b.jpg");

    public FileMemoTests() => Directory.CreateDirectory(_folder["memo"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_unchanged_file_is_remembered_across_processes()
    {
        var memo = new FileMemo(_folder["memo"]);
        memo.Add(Settled("a.jpg"), ContentKey.Of([1]), 2);
        memo.Flush();

        Assert.Equal((ContentKey.Of([1]), (byte)2), new FileMemo(_folder["memo"]).Find(new FileInfo(_folder["a.jpg"])));
    }

    [Fact]
    public void A_changed_file_is_read_again()
    {
        var memo = new FileMemo(_folder["memo"]);
        memo.Add(Settled("a.jpg"), ContentKey.Of([1]), 2);
        File.SetLastWriteTimeUtc(_folder["a.jpg"], DateTime.UtcNow.AddMinutes(-5));
        Assert.Null(memo.Find(new FileInfo(_folder["a.jpg"])));
        File.AppendAllText(_folder["a.jpg"], "more");
        Assert.Null(memo.Find(Settled("a.jpg")));
    }

    [Fact]
    public void A_file_just_written_is_not_trusted()
    {
        var memo = new FileMemo(_folder["memo"]);
        memo.Add(new FileInfo(_folder["a.jpg"]), ContentKey.Of([1]), 2);

        Assert.Null(memo.Find(new FileInfo(_folder["a.jpg"])));
    }

    [Fact]
    public void Many_small_memos_are_merged_and_damaged_ones_passed_over()
    {
        for (var i = 0; i < 20; i++)
        {
            var memo = new FileMemo(_folder["memo"]);
            memo.Add(Settled(i % 2 == 0 ? "a.jpg" : "b.jpg"), ContentKey.Of([(byte)i]), 0);
            memo.Flush();
        }

        File.WriteAllText(_folder["memo", "damaged.npy"], "no memo");
        var merged = new FileMemo(_folder["memo"]);

        Assert.NotNull(merged.Find(new FileInfo(_folder["a.jpg"])));
        Assert.NotNull(merged.Find(new FileInfo(_folder["b.jpg"])));
        Assert.True(Directory.GetFiles(_folder["memo"]).Length < 17);
    }

    [Fact]
    public void Of_a_link_the_file_it_leads_to_is_remembered()
    {
        Settled("a.jpg");
        File.CreateSymbolicLink(_folder["link.jpg"], _folder["a.jpg"]);
        var memo = new FileMemo(_folder["memo"]);
        memo.Add(FileMemo.Look(_folder["link.jpg"]), ContentKey.Of([1]), 2);

        Assert.Equal((ContentKey.Of([1]), (byte)2), memo.Find(FileMemo.Look(_folder["link.jpg"])));

        File.AppendAllText(_folder["a.jpg"], "more"); // the link itself stays as it was
        Assert.Null(memo.Find(FileMemo.Look(_folder["link.jpg"])));
    }

    [Fact]
    public void A_link_that_leads_nowhere_is_itself()
    {
        File.CreateSymbolicLink(_folder["link.jpg"], _folder["nowhere.jpg"]);

        Assert.Equal(_folder["nowhere.jpg"], FileMemo.Look(_folder["link.jpg"]).FullName);
        Assert.False(FileMemo.Look(_folder["link.jpg"]).Exists);
    }

    [Fact]
    public void What_was_said_last_of_a_file_counts()
    {
        var file = Settled("a.jpg");
        for (byte i = 0; i < 3; i++)
        {
            var memo = new FileMemo(_folder["memo"]);
            memo.Add(file, ContentKey.Of([i]), i);
            memo.Add(file, ContentKey.Of([i, i]), i);
            memo.Flush();
        }

        Assert.Equal((ContentKey.Of([2, 2]), (byte)2), new FileMemo(_folder["memo"]).Find(file));
        Assert.Equal(3 * (NpyFile.HeaderLength + 64), Directory.GetFiles(_folder["memo"]).Sum(path => new FileInfo(path).Length));
    }

    private FileInfo Settled(string name)
    {
        File.SetLastWriteTimeUtc(_folder[name], new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        return new FileInfo(_folder[name]);
    }
}
