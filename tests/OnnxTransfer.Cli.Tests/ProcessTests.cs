using System.Diagnostics;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Cli.Tests;

/// <summary>What can only be seen from outside: kills, a full disk, runs side by side, files left behind, memory.</summary>
public sealed class ProcessTests : IDisposable
{
    private static readonly Dictionary<string, string> NoEnvironment = [];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_that_is_killed_loses_at_most_the_part_in_flight()
    {
        var data = SmallImages.WriteCifar(_folder, 4000);
        using (var process = Start("embed", data, "--tap", "layer1", "--cache", _folder["cache"]))
        {
            WaitFor(() => Directory.Exists(_folder["cache"]) && Directory.GetFiles(_folder["cache"], "2*.json", SearchOption.AllDirectories).Length > 0);
            process.Kill(); // SIGKILL
            process.WaitForExit();
        }

        var kept = CacheVerifier.Verify(_folder["cache"]);
        var again = CommandRun.Finish(Start("embed", data, "--tap", "layer1", "--cache", _folder["cache"], "--json"));

        Assert.True(kept.IsSound);
        Assert.InRange(kept.Embeddings, 1, 4000);
        Assert.Equal(0, again.ExitCode);
        Assert.Equal(kept.Embeddings, (long)again.Json["fromCache"]!);
        Assert.Equal(4001 - kept.Embeddings, (long)again.Json["embedded"]!);
        Assert.True(CacheVerifier.Verify(_folder["cache"]).IsSound);
    }

    [Fact]
    public void Ctrl_C_finishes_cleanly()
    {
        var data = SmallImages.WriteCifar(_folder, 20_000);
        using var process = Start("embed", data, "--tap", "layer1", "--cache", _folder["cache"]);
        WaitFor(() => Directory.Exists(_folder["cache"]) && Directory.GetFiles(_folder["cache"], "2*.json", SearchOption.AllDirectories).Length > 0);
        Process.Start("kill", ["-INT", $"{process.Id}"]).WaitForExit();

        var run = CommandRun.Finish(process);

        Assert.Equal(130, run.ExitCode);
        Assert.Contains("interrupted; what was embedded is kept", run.Error, StringComparison.Ordinal);
        var verified = CacheVerifier.Verify(_folder["cache"]);
        Assert.True(verified.IsSound);
        Assert.Empty(verified.Leftovers);
        Assert.True(verified.Parts > 1, "the part in flight was not written");
    }

    [Fact]
    public void Two_runs_share_one_cache()
    {
        var data = SmallImages.WriteCifar(_folder, 1500);
        using var one = Start("embed", data, "--tap", "layer1", "--cache", _folder["cache"], "--json");
        using var two = Start("embed", data, "--tap", "layer1", "--cache", _folder["cache"], "--json");

        var (first, second) = (CommandRun.Finish(one), CommandRun.Finish(two));

        Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        Assert.True(CacheVerifier.Verify(_folder["cache"]).IsSound);
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        Assert.Equal(1501, Assert.Single(cache.Spaces()).Count);
    }

    [Fact]
    public void A_full_disk_is_told_and_nothing_finished_is_lost()
    {
        var data = SmallImages.WriteCifar(_folder, 300);
        Assert.Equal(0, CommandRun.Finish(Start("embed", SmallImages.WriteCifar(_folder, 20, "few"), "--tap", "layer1", "--cache", _folder["cache"])).ExitCode);

        // A limit on the size of files stands in for a full disk: the same write fails. (The runtime's own double-mapped
        // memory counts as a file, so it is switched off.)
        var environment = new Dictionary<string, string> { ["DOTNET_EnableWriteXorExecute"] = "0" };
        using var process = CommandRun.Start("ulimit -f 200; trap '' XFSZ;", environment, _folder.Path, "embed", data, "--tap", "layer1", "--cache", _folder["cache"]);
        var run = CommandRun.Finish(process);

        Assert.Equal(1, run.ExitCode);
        Assert.Matches(@"error: .*\.values\.npy: cannot be written \(.*\); free space or allow writing there, then run again: what was finished before is kept", run.Error);
        var verified = CacheVerifier.Verify(_folder["cache"]);
        Assert.True(verified.IsSound);
        Assert.Equal(21, verified.Embeddings);
    }

    [Fact]
    public void Nothing_is_written_outside_the_folders_named()
    {
        var images = SmallImages.WriteLearnable(_folder, 10);
        var before = Directory.GetFiles(images, "*", SearchOption.AllDirectories).Length;
        var places = new Dictionary<string, string>();
        foreach (var name in new[] { "HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "DOTNET_CLI_HOME" })
        {
            places[name] = Directory.CreateDirectory(_folder["outside", name]).FullName;
        }

        var work = Directory.CreateDirectory(_folder["outside", "work"]).FullName;
        using var process = CommandRun.Start(
            "", places, work, "train", images, "--cache", _folder["cache"], "-o", _folder["model.onnx"]);
        var run = CommandRun.Finish(process);

        Assert.Equal(0, run.ExitCode);
        Assert.Empty(Directory.GetFiles(_folder["outside"], "*", SearchOption.AllDirectories));
        Assert.Equal(before, Directory.GetFiles(images, "*", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public void Memory_does_not_grow_with_the_number_of_images()
    {
        // What the collector has not yet given back only adds, and differs from run to run: the least of two runs counts.
        double Peak(int count)
        {
            var data = SmallImages.WriteCifar(_folder, count, $"cifar{count}");
            return Enumerable.Range(0, 2).Min(run => (double)CommandRun.Finish(Start(
                "embed", data, "--tap", "layer3", "--batch", "64", "--cache", _folder[$"cache{count}-{run}"], "--json")).Json["peakMegabytes"]!);
        }

        var (few, many) = (Peak(1000), Peak(12_000));

        // Where each image lies is kept, a kilobyte or so; its pixels (3 kB here, 147 kB at 224) and embedding are not.
        Assert.True(many < few + 17, $"{few} MB for 1,000 images, {many} MB for 12,000");
    }

    private Process Start(params string[] arguments) => CommandRun.Start("", NoEnvironment, _folder.Path, arguments);

    private static void WaitFor(Func<bool> condition)
    {
        for (var i = 0; i < 1200 && !condition(); i++)
        {
            Thread.Sleep(50);
        }

        Assert.True(condition(), "nothing was written within a minute");
    }
}
