using OnnxTransfer.Datasets;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Evaluation;

public sealed class TransferStudyTests
{
    private static readonly TransferStudy Whole = new() { Shares = [1] };

    [Fact]
    public void Rate_gain_and_their_paired_intervals_are_numpys()
    {
        var golden = GoldenFile.Read("Evaluation", "transfer.json").GetProperty("paired");
        int[] counts = golden.Integers("counts"); // both right, the way alone, the base alone, none
        var data = MadeUpTransfer.Classes([4, 4], [counts.Sum(), 0]);
        var result = Whole.Run(data,
        [
            MadeUpTransfer.Way(TransferWay.Scratch, (_, place, _) => place < counts[0] || (place >= counts[0] + counts[1] && place < counts[0] + counts[1] + counts[2])),
            MadeUpTransfer.Way(TransferWay.FineTuned, (_, place, _) => place < counts[0] + counts[1]),
        ]);
        var (tuned, scratch) = (result.At(TransferWay.FineTuned)!, result.At(TransferWay.Scratch)!);
        Assert.Equal(("accuracy", 400), (result.MeasureName, result.TestItems));
        Assert.Equal((golden.Double("way"), golden.Double("base")), (tuned.Performance, scratch.Performance));
        Near(golden.Doubles("wayInterval"), tuned.Interval, 0.006);
        var found = Assert.Single(result.Comparisons);
        Assert.Equal(golden.Double("way") - golden.Double("base"), found.Gain, 1e-12);
        Assert.Equal(golden.Double("way") / golden.Double("base"), found.Rate, 1e-12);
        Near(golden.Doubles("gainInterval"), found.GainInterval, 0.006);
        Near(golden.Doubles("rateInterval"), found.RateInterval, 0.012);
        Assert.InRange(found.GainInterval.High - found.GainInterval.Low, 0, 0.95 * golden.Double("unpairedWidth")); // in pairs: closer
        Assert.Equal(2 * golden.Double("normal"), found.GainInterval.High - found.GainInterval.Low, 0.008);
    }

    [Fact]
    public void Regressions_are_measured_by_R2_as_scikit_learn_does()
    {
        var golden = GoldenFile.Read("Evaluation", "transfer.json").GetProperty("regression");
        double[] targets = golden.Doubles("targets");
        var data = Values(targets);
        var result = Whole.Run(data,
        [
            MadeUpTransfer.Fixed(TransferWay.Scratch, new Matrix(targets.Length, 1, golden.Floats("poor"))),
            MadeUpTransfer.Fixed(TransferWay.Probe, new Matrix(targets.Length, 1, golden.Floats("good"))),
        ]);
        Assert.Equal("R2", result.MeasureName);
        Assert.Equal(golden.Double("goodR2"), result.At(TransferWay.Probe)!.Performance, 1e-12);
        Assert.Equal(golden.Double("poorR2"), result.At(TransferWay.Scratch)!.Performance, 1e-12);
        var found = result.Compare(TransferWay.Probe, TransferWay.Scratch, 1)!;
        Near(golden.Doubles("gainInterval"), found.GainInterval, 0.02);
        Near(golden.Doubles("rateInterval"), found.RateInterval, 0.1);
        Assert.Equal(1, found.Sign);
    }

    [Fact]
    public void A_base_that_explains_nothing_has_no_rate_and_says_so()
    {
        double[] targets = [.. Enumerable.Range(0, 50).Select(i => (double)i)];
        var result = Whole.Run(Values(targets),
        [
            MadeUpTransfer.Fixed(TransferWay.Scratch, new Matrix(50, 1, [.. targets.Select(value => 49 - (float)value)])),
            MadeUpTransfer.Fixed(TransferWay.Probe, new Matrix(50, 1, [.. targets.Select(value => (float)value + 1)])),
        ]);
        var found = Assert.Single(result.Comparisons);
        Assert.Equal((true, true, 1), (double.IsNaN(found.Rate), double.IsNaN(found.RateInterval.High), found.Sign));
        Assert.Equal(-3, result.At(TransferWay.Scratch)!.Performance, 1e-12);
        Assert.StartsWith("transfer paid: on 50 labels probe reaches 0.9952 and scratch -3.0000 R2, gain +3.9952 (95 %: ", result.Verdict[0], StringComparison.Ordinal);
        Assert.EndsWith("), no rate, since scratch's R2 is not above 0", result.Verdict[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_base_near_nothing_leaves_the_rate_without_an_upper_end()
    {
        var data = MadeUpTransfer.Classes([4, 4], [20, 20]);
        var result = Whole.Run(data, [MadeUpTransfer.Right(TransferWay.Scratch, _ => 1), MadeUpTransfer.Right(TransferWay.Probe, _ => 40)]);
        var found = Assert.Single(result.Comparisons);
        Assert.Equal((40.0, double.PositiveInfinity), (found.Rate, found.RateInterval.High)); // a third of the resamples lack the one item
        Assert.InRange(found.RateInterval.Low, 5, 20);
    }

    [Fact]
    public void Several_labels_are_measured_by_micro_F1_as_scikit_learn_does()
    {
        var golden = GoldenFile.Read("Evaluation", "transfer.json").GetProperty("labels");
        int[] right = golden.Integers("right");
        var items = right.Chunk(4).Select((row, i) => MadeUpTransfer.Item($"{i}") with { Split = Split.Test, LabelSet = [.. Enumerable.Range(0, 4).Where(label => row[label] == 1)] });
        var data = MadeUpTransfer.Classes([1, 1, 1, 1], []) with { IsMultiLabel = true };
        data = data with { Items = [.. data.Items.Select((item, i) => item with { Label = -1, LabelSet = [i] }), .. items] };
        var result = Whole.Run(data, [MadeUpTransfer.Fixed(TransferWay.Probe, new Matrix(60, 4, golden.Floats("probabilities")))]);
        Assert.Equal("micro F1", result.MeasureName);
        Assert.Equal(golden.Double("microF1"), result.At(TransferWay.Probe)!.Performance, 1e-12);
        Assert.Equal(["one way alone tells nothing of transfer: compare it with another"], result.Verdict);
    }

    [Fact]
    public void Several_values_are_measured_by_their_mean_R2()
    {
        double[][] targets = [.. Enumerable.Range(0, 30).Select(i => new double[] { i, 3 * (i % 5) })];
        var data = MadeUpTransfer.Classes([], []) with
        {
            IsRegression = true, TargetNames = ["a", "b"],
            Items = [.. targets.Select((row, i) => MadeUpTransfer.Item($"{i}") with { Targets = row, Split = i < 10 ? Split.Train : Split.Test })],
        };
        var predictions = new Matrix(20, 2, [.. targets.Skip(10).SelectMany(row => new[] { (float)row[0], 6 })]);
        var point = Whole.Run(data, [MadeUpTransfer.Fixed("mine", predictions)]).At("mine")!;
        Assert.Equal(0.5, point.Performance, 1e-12); // one target hit, the mean of the other
    }

    [Fact]
    public void What_came_of_it_is_said()
    {
        var data = MadeUpTransfer.Classes([500, 500], [100, 100]);
        TransferResult Run(int tuned, int probe, int scratch) => Whole.Run(data,
        [
            MadeUpTransfer.Right(TransferWay.Scratch, _ => scratch), MadeUpTransfer.Right(TransferWay.Probe, _ => probe), MadeUpTransfer.Right(TransferWay.FineTuned, _ => tuned),
        ]);
        string[] Verdicts(TransferResult result) => [.. result.Verdict.Take(3).Select(line => line[..line.IndexOf(':')])];

        var paid = Run(tuned: 180, probe: 150, scratch: 100);
        Assert.StartsWith("transfer paid: on 1000 labels probe reaches 0.7500 and scratch 0.5000 accuracy, gain +0.2500 (95 %: ", paid.Verdict[0], StringComparison.Ordinal);
        Assert.Contains(", rate 1.5000 (95 %: ", paid.Verdict[0], StringComparison.Ordinal);
        Assert.StartsWith("transfer paid: on 1000 labels fine-tuned reaches 0.9000 and scratch 0.5000 accuracy, gain +0.4000", paid.Verdict[1], StringComparison.Ordinal);
        Assert.StartsWith("fine-tuning paid: on 1000 labels fine-tuned reaches 0.9000 and probe 0.7500 accuracy, gain +0.1500", paid.Verdict[2], StringComparison.Ordinal);

        var negative = Run(tuned: 100, probe: 150, scratch: 180);
        Assert.StartsWith(
            "transfer did not pay: negative transfer: on 1000 labels fine-tuned reaches 0.5000 and scratch 0.9000 accuracy, gain -0.4000 (95 %: -0.", negative.Verdict[1], StringComparison.Ordinal);
        Assert.Equal(["transfer did not pay", "transfer did not pay", "fine-tuning did not pay"], Verdicts(negative));
        Assert.Equal([-1, -1, -1], negative.Comparisons.Select(comparison => comparison.Sign));

        var tie = Run(tuned: 150, probe: 150, scratch: 150);
        Assert.Equal(["no difference beyond the noise", "no difference beyond the noise", "no difference beyond the noise"], Verdicts(tie));
        Assert.All(tie.Comparisons, comparison => Assert.Equal((0, new Interval(0, 0), 1, new Interval(1, 1)), (comparison.Gain, comparison.GainInterval, comparison.Rate, comparison.RateInterval)));
        Assert.Equal("no difference beyond the noise: on 1000 labels probe reaches 0.7500 and scratch 0.7500 accuracy, gain 0.0000 (95 %: 0.0000 to 0.0000), rate 1.0000 (95 %: 1.0000 to 1.0000)", tie.Verdict[0]);
        Assert.Equal([0, 0, 0], Run(tuned: 152, probe: 150, scratch: 151).Comparisons.Select(comparison => comparison.Sign));
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(108, true)]
    [InlineData(140, false)]
    public void A_scratch_that_learned_nothing_is_told(int right, bool isTold)
    {
        var result = new TransferStudy { Shares = [1] }.Run(
            MadeUpTransfer.Classes([50, 50], [100, 100]), [MadeUpTransfer.Right(TransferWay.Scratch, _ => right), MadeUpTransfer.Right(TransferWay.Probe, _ => 160)]);

        Assert.Equal(0.5, result.Chance);
        Assert.Equal(isTold, result.Verdict[1].StartsWith("scratch learned nothing that shows: its accuracy of 0.5", StringComparison.Ordinal));
        Assert.StartsWith("transfer paid", result.Verdict[0], StringComparison.Ordinal);
    }

    [Fact]
    public void The_curve_tells_what_labels_transfer_saves()
    {
        var data = MadeUpTransfer.Classes([500, 500], [100, 100]);
        var result = new TransferStudy().Run(data,
        [
            MadeUpTransfer.Right(TransferWay.Scratch, labels => labels switch { 10 => 20, 50 => 40, 100 => 60, 250 => 100, _ => 140 }, seconds: 2),
            MadeUpTransfer.Right(TransferWay.Probe, labels => labels switch { 10 => 80, 50 => 100, 100 => 120, 250 => 122, _ => 124 }),
            MadeUpTransfer.Right(TransferWay.FineTuned, labels => labels switch { 10 => 80, 50 => 120, 100 => 160, 250 => 170, _ => 180 }),
        ]);
        Assert.Equal([10, 50, 100, 250, 1000], result.Points.Where(point => point.Way == TransferWay.Scratch).Select(point => point.Labels));
        Assert.Equal([20, 100, 200, 500, 2000], result.Points.Where(point => point.Way == TransferWay.Scratch).Select(point => point.Seconds));
        Assert.Equal(0.7, result.At(TransferWay.Scratch)!.Performance);
        Assert.Equal(0.3, result.Compare(TransferWay.Probe, TransferWay.Scratch, 0.01)!.Gain, 1e-12);
        Assert.Equal(4, result.Compare(TransferWay.FineTuned, TransferWay.Scratch, 0.01)!.Rate, 1e-12);

        var caught = result.CatchUps[0];
        Assert.Equal((TransferWay.Probe, TransferBound.Measured), (caught.Target, caught.Bound));
        Assert.Equal(250 * Math.Pow(4, 24.0 / 40), caught.Labels, 1e-9);
        Assert.Equal((TransferBound.MoreThan, 1000), (result.CatchUps[1].Bound, result.CatchUps[1].Labels));
        Assert.Equal((TransferBound.MoreThan, 1000), (result.Savings[0].Bound, result.Savings[0].Labels));
        Assert.Equal(50 * Math.Pow(2, 0.5), result.Savings[1].Labels, 1e-9);
        Assert.Equal(
            [
                "scratch catches up with probe at all labels (0.6200) with about 574 labels",
                "scratch does not catch up with fine-tuned at all labels (0.9000): it would take more than 1000 labels",
                "probe does not reach scratch at all 1000 labels (0.7000): it would take more than 1000 labels",
                "fine-tuned reaches scratch at all 1000 labels (0.7000) with about 71 labels, 7.1 % of them",
            ],
            result.Verdict.Where(line => line.Contains("all", StringComparison.Ordinal)));
        Assert.StartsWith("transfer paid: on 10 labels probe reaches 0.4000 and scratch 0.1000", result.Verdict[3], StringComparison.Ordinal);
    }

    [Fact]
    public void A_way_that_fails_says_why_and_the_others_go_on()
    {
        var data = MadeUpTransfer.Classes([50, 50], [10, 10]);
        var failing = new TransferWay(TransferWay.FineTuned, (task, cancellation) => task.Train.Length < 20
            ? throw new FitException("the loss is not a number in epoch 3; lower the learning rate")
            : MadeUpTransfer.Right("", _ => 18).Run(task, cancellation));
        var said = new List<string>();
        var result = new TransferStudy { Shares = [0.1, 1] }.Run(
            data, [MadeUpTransfer.Right(TransferWay.Scratch, _ => 10), failing, MadeUpTransfer.Fixed("short", new Matrix(3, 2))], said.Add);
        var failed = result.Points[1];
        Assert.Equal(("the loss is not a number in epoch 3; lower the learning rate", 10), (failed.Failure, failed.Labels));
        Assert.True(double.IsNaN(failed.Performance) && double.IsNaN(failed.Interval.Low) && double.IsNaN(failed.Seconds));
        Assert.Null(result.Compare(TransferWay.FineTuned, TransferWay.Scratch, 0.1));
        Assert.Equal(0.4, result.Compare(TransferWay.FineTuned, TransferWay.Scratch, 1)!.Gain, 1e-12);
        Assert.Equal("answered 3 x 2 numbers; expected 20 x 2: a row for each test item", result.Points[2].Failure);
        Assert.Contains("fine-tuned failed on 10 labels: the loss is not a number in epoch 3; lower the learning rate", result.Verdict);
        Assert.Contains("fine-tuned on 10 labels: failed: the loss is not a number in epoch 3; lower the learning rate", said);
        Assert.Contains("scratch on 10 labels: accuracy 0.5000, 10.0 s", said);
    }

    [Fact]
    public void Answers_that_are_no_numbers_are_a_failure()
    {
        var data = MadeUpTransfer.Classes([5, 5], [1, 1]);
        var result = Whole.Run(data, [MadeUpTransfer.Fixed("bad", new Matrix(2, 2, [1, 0, float.NaN, 0]))]);
        Assert.Equal("answered NaN for test1-0; expected finite numbers", result.Points[0].Failure);
    }

    [Fact]
    public void Repeats_draw_other_labels_and_their_mean_is_told_with_their_deviation()
    {
        var data = MadeUpTransfer.Classes([50, 50], [10, 10]);
        var seen = new List<TransferTask>();
        var way = MadeUpTransfer.Way(TransferWay.Scratch, (task, place, _) => place < 10 + (2 * task.Repeat));
        var result = new TransferStudy { Shares = [0.1], Repeats = 3, Seed = 4 }.Run(data, [way with
        {
            Run = (task, cancellation) =>
            {
                seen.Add(task);
                return task.Repeat == 2 ? throw new FitException("no luck") : way.Run(task, cancellation);
            },
        }]);
        Assert.Equal([4L, 5, 6], seen.Select(task => task.Seed));
        Assert.Equal(3, seen.Select(task => string.Join(',', task.Train)).Distinct().Count());
        Assert.All(seen, task => Assert.Equal(30, task.Data.Items.Count));
        var point = Assert.Single(result.Points);
        Assert.Equal(0.55, point.Performance, 1e-12);
        Assert.Equal(Math.Sqrt(2) * 0.05, point.Deviation!.Value, 1e-12);
        Assert.Equal("1 of 3 repeats: no luck", point.Failure);
    }

    [Fact]
    public void A_task_holds_its_labels_and_all_test_items()
    {
        var data = MadeUpTransfer.Classes([20, 20], [3, 3]);
        data = data with { Items = [.. data.Items.Select((item, i) => i % 4 == 1 && item.Split == Split.Train ? item with { Split = Split.Validation } : item)] };
        var seen = new List<TransferTask>();
        var way = MadeUpTransfer.Right("mine", _ => 6);
        new TransferStudy { Shares = [0.2, 1] }.Run(data, [way with
        {
            Run = (task, cancellation) =>
            {
                seen.Add(task);
                return way.Run(task, cancellation);
            },
        }]);
        Assert.Equal([false, true], seen.Select(task => task.IsWhole));
        Assert.Equal([8, 40], seen.Select(task => task.Data.Items.Count(item => item.Split == Split.Train)));
        Assert.All(seen, task =>
        {
            Assert.Equal(data.Items.Where((_, i) => task.Train.Contains(i) || task.Test.Contains(i)).Select(item => item.Name), task.Data.Items.Select(item => item.Name));
            Assert.DoesNotContain(task.Data.Items, item => item.Split == Split.Validation);
            Assert.Equal(Enumerable.Range(40, 6), task.Test);
            Assert.Equal(32, task.Key.Length);
        });
    }

    [Fact]
    public void What_tells_nothing_is_refused()
    {
        var data = MadeUpTransfer.Classes([5, 5], [2, 2]);
        var way = MadeUpTransfer.Right("mine", _ => 1);
        string Refused(TransferStudy study, Dataset given, params TransferWay[] ways) => Assert.Throws<TransferException>(() => study.Run(given, ways)).Message;
        Assert.Equal("no way to learn is given; expected at least one, such as TransferWay.Probe", Refused(Whole, data));
        Assert.Equal("the ways mine, mine do not differ in their names; give each its own", Refused(Whole, data, way, way));
        Assert.Equal("the shares 0.5, 2; expected at least one, each above 0 and at most 1", Refused(new TransferStudy { Shares = [0.5, 2] }, data, way));
        Assert.Equal("Repeats = 0; expected 1 or more", Refused(new TransferStudy { Repeats = 0 }, data, way));
        Assert.Equal("made up: no test items; draw some with Dataset.Draw(Split.Test, ...)", Refused(Whole, MadeUpTransfer.Classes([5, 5], []), way));
        Assert.Equal("made up: nothing but test items; expected train items too", Refused(Whole, MadeUpTransfer.Classes([0, 0], [2, 2]), way));
        Assert.Equal("made up: 1 classes; expected two or more, or numbers to predict", Refused(Whole, MadeUpTransfer.Classes([5], [2]), way));
        Assert.Equal(
            "made up: x has no label; take it out: it can be neither learned from nor measured on",
            Refused(Whole, data with { Items = [.. data.Items, MadeUpTransfer.Item("x")] }, way));
    }

    private static Dataset Values(double[] targets) => MadeUpTransfer.Classes([], []) with
    {
        IsRegression = true,
        Items =
        [
            .. targets.Select((target, i) => MadeUpTransfer.Item($"train{i}") with { Target = target }),
            .. targets.Select((target, i) => MadeUpTransfer.Item($"test{i}") with { Target = target, Split = Split.Test }),
        ],
    };

    private static void Near(double[] expected, Interval found, double within)
    {
        Assert.Equal(expected[0], found.Low, within);
        Assert.Equal(expected[1], found.High, within);
    }
}
